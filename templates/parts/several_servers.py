LAST_PORT = 65535

# SQLAlchemy's pattern for URLs, extended to several servers.
_SEVERAL = re.compile(r"(\w[\w+]*://(?:[^:/]*(?::[^@]*)?@)?)([^/?]*,[^/?]*)(.*)", re.DOTALL)
_SERVER = re.compile(r"(?:\[(?P<ipv6>[^]]+)\]|(?P<name>[^:]*))(?::(?P<port>[^:]*))?")


def _pair(hosts: list[str], ports: list[str]) -> Iterator[tuple[str, str]]:
    if len(ports) == 1:
        ports *= len(hosts)
    if len(ports) != len(hosts):
        raise ValueError(f"names {len(hosts)} hosts and {len(ports)} ports: one for all, or each")
    for text, common in zip(hosts, ports, strict=True):
        # An IPv6 address without its brackets is all host, and so is the folder of a socket.
        server = None if text.startswith("/") else _SERVER.fullmatch(text)
        host = (server["ipv6"] or server["name"]) if server else text
        if host.lower().startswith("%2f"):
            host = unquote(host)
        port = (server["port"] if server else None) or common
        if port and not (port.isdecimal() and 0 < int(port) <= LAST_PORT):
            raise ValueError(f"has a port that is not a number from 1 to {LAST_PORT}")
        yield host, port
