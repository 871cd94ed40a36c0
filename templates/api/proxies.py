"""What proxies in front of the service did to a request (APP_ROOT_PATH, APP_TRUSTED_PROXIES)."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address

from app.config import Settings


class Proxies:
    """What the settings say of them."""

    def __init__(self, settings: Settings) -> None:
        """Take them from `settings`."""
        self.root_path = settings.app_root_path
        self._trusted = settings.app_trusted_proxies

    def public_path(self, path: str) -> str:
        """Return `path` with the prefix, which a proxy may have removed."""
        if path == self.root_path:
            return f"{path}/"
        return path if path.startswith(f"{self.root_path}/") else self.root_path + path

    def origin(self, peer: str, header: Callable[[str], str]) -> tuple[str, str]:
        """Return the client's address, and http, https or, where no proxy of ours says it, "".

        `header` returns a header's values, with commas between them, or "".
        """
        client = _address(peer) if self._trusted else None
        if not self._trusts(client):
            return peer, ""
        # Each proxy adds who asked it: the client is the last one that is no proxy of ours.
        for text in reversed(header("x-forwarded-for").split(",")):
            if not self._trusts(client) or not (address := _address(text)):
                break
            client, peer = address, str(address)
        scheme = header("x-forwarded-proto").strip().lower().replace("ws", "http")
        return peer, scheme if scheme in {"http", "https"} else ""

    def _trusts(self, address: IPv4Address | IPv6Address | None) -> bool:
        return address is not None and any(address in network for network in self._trusted)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    host = text.strip()
    # Some proxies add a port; a zone, behind %, may be any text.
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
