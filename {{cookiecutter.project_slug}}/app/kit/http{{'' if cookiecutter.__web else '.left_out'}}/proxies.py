"""What proxies changed in a request, and how to restore it (APP_ROOT_PATH, APP_TRUSTED_PROXIES)."""

from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address

from pydantic import IPvAnyNetwork

Address = IPv4Address | IPv6Address


def public_path(path: str, prefix: str) -> str:
    """Return `path` with the prefix, which a proxy may have removed."""
    if path == prefix:
        return f"{path}/"
    return path if path.startswith(f"{prefix}/") else prefix + path


def origin(
    peer: str, trusted: Iterable[IPvAnyNetwork], header: Callable[[str], str]
) -> tuple[str, str]:
    """Return the client's address, and http, https or, where nobody `trusted` says it, "".

    `header` returns a header's values, with commas between them, or "".
    """

    def is_trusted(address: Address | None) -> bool:
        return address is not None and any(address in network for network in trusted)

    client = _address(peer) if trusted else None
    if not is_trusted(client):
        return peer, ""
    # Each proxy adds who asked it: the client is the last one that is no proxy of ours.
    for text in reversed(header("x-forwarded-for").split(",")):
        if not is_trusted(client) or not (address := _address(text)):
            break
        client, peer = address, str(address)
    scheme = header("x-forwarded-proto").strip().lower().replace("ws", "http")
    return peer, scheme if scheme in {"http", "https"} else ""


def _address(text: str) -> Address | None:
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
