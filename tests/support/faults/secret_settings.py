"""Settings that hold a password, each wrong in a way of its own."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, urlsplit

from support.projects import free_port

SECRET = "hunter2marker"  # noqa: S105  not a secret
"""What must not be found."""
DEBUG = {
    "APP_LOG_LEVEL": "debug",
    "PYTHONASYNCIODEBUG": "1",
    "PYTHONDEVMODE": "1",
    "PYTHONWARNINGS": "default",
}
"""What makes a program say more than usual."""

OPTIONS = ("sslmode", "ssl", "passwd")
LIBPQ = ("target_session_attrs", "sslpassword")
"""What a URL may have behind its question mark."""

Settings = dict[str, str]


def broken(url: str) -> Iterator[tuple[str, Settings]]:
    """Yield the names of what is wrong, and the settings that make it so.

    `url` is that of a server that has another password than SECRET.
    """
    parts = urlsplit(url)
    scheme, name, user = parts.scheme, parts.path.strip("/"), parts.username or ""
    here = f"127.0.0.1:{parts.port}"
    wrong = f"{scheme}://{user}:{SECRET}@"
    for place, where in {
        "wrong password": f"{here}/{name}",
        "no such host": f"nowhere.invalid/{name}",
        "refused": f"127.0.0.1:{free_port()}/{name}",
        "no such database": f"{here}/nothing",
        "no port": f"127.0.0.1:{SECRET}/{name}",
    }.items():
        for spelling, start, end in (
            ("", wrong, ""),
            (", percent", f"{scheme}://{user}:{quote(SECRET + '@/%')}@", ""),
            (", in the query", f"{scheme}://{user}@", f"?password={SECRET}"),
        ):
            yield f"{place}{spelling}", {"DATABASE_URL": f"{start}{where}{end}"}
    for characters in ("@", "/", ":", "?", "#", "[", ",", "% ", "@/", "@:", "@?", "@#", "@,", "@="):
        # As they stand, where percent encoding is due; SECRET is on both sides of each.
        text = f"{scheme}://{user}:{SECRET}{SECRET.join(characters)}{SECRET}@{here}/{name}"
        yield f"a password with {characters!r}", {"DATABASE_URL": text}
    yield "the replica", {"DATABASE_URL": url, "DATABASE_READ_URL": f"{wrong}{here}/{name}"}
    yield "the replica's scheme", {"DATABASE_URL": url, "DATABASE_READ_URL": f"x{wrong}{here}"}
    yield "TLS", {"DATABASE_URL": f"{wrong}{here}/{name}", "DB_SSL_MODE": "verify-full"}
    yield "no URL", {"DATABASE_URL": SECRET}
    yield "no scheme", {"DATABASE_URL": f"//{user}:{SECRET}@{here}/{name}"}
    yield "another scheme", {"DATABASE_URL": f"oracle://{user}:{SECRET}@{here}/{name}"}
    yield "a password as a scheme", {"DATABASE_URL": f"{SECRET}://{here}/{name}"}
    for option in (*OPTIONS, *(LIBPQ if scheme == "postgresql" else ())):
        yield f"a password as {option}", {"DATABASE_URL": f"{url}?{option}={SECRET}"}
    yield "another setting", {"DATABASE_URL": url, "DB_POOL_SIZE": SECRET}
    separate = {"DB_HOST": "127.0.0.1", "DB_PORT": str(parts.port), "DB_USER": user}
    yield "DB_PASS", {**separate, "DB_PASS": SECRET}
    yield "DB_PASS without a host", {**separate, "DB_HOST": "nowhere.invalid", "DB_PASS": SECRET}
