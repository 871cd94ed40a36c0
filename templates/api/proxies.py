"""Proxies in front of the service: the prefix of its paths there, and whom they speak for.

Nothing, unless APP_ROOT_PATH and APP_TRUSTED_PROXIES name them.
"""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address

from app.config import Settings

SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


class Proxies:
    """What `settings` say of them."""

    def __init__(self, settings: Settings) -> None:
        """Take the prefix, and who is trusted, from `settings`."""
        self.root_path = settings.app_root_path
        self._trusted = settings.app_trusted_proxies

    def __bool__(self) -> bool:
        """Return whether they say anything."""
        return bool(self.root_path or self._trusted)

    def public_path(self, path: str) -> str:
        """Return `path` with the prefix, which the proxy may have removed."""
        if path == self.root_path:
            return f"{path}/"
        return path if path.startswith(f"{self.root_path}/") else self.root_path + path

    def origin(self, peer: str, header: Callable[[str], str]) -> tuple[str, str]:
        """Return the address of the client, and http, https or, where nothing is known, "".

        `header` returns the values of a header, with commas. They count if `peer` is trusted.
        """
        if not self._trusts(_address(peer)):
            return peer, ""
        # Each proxy appends who asked it: the client is the last that is no proxy of ours.
        for text in reversed(header("x-forwarded-for").split(",")):
            address = _address(text)
            if address is None:
                break
            peer = str(address)
            if not self._trusts(address):
                break
        return peer, SCHEMES.get(header("x-forwarded-proto").strip().lower(), "")

    def _trusts(self, address: IPv4Address | IPv6Address | None) -> bool:
        return address is not None and any(address in network for network in self._trusted)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    # Some proxies add a port, and a link-local address has a zone, which may be any text.
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
