"""How the database's URL asks for TLS: as libpq spells it, whatever the database is."""

import ssl
from pathlib import Path
from typing import Literal, cast, get_args

from sqlalchemy import URL

SslMode = Literal["disable", "require", "verify-full"]
SSL_MODES = get_args(SslMode)

KEYS = ["sslmode", "sslrootcert"]
"""What is read here, and not by the driver."""
OTHERS = {"ssl", "ssl_mode", "ssl_ca", "ssl_verify_cert", "ssl_verify_identity"}
"""Spellings that only some drivers read."""


def ssl_mode_of(url: URL) -> SslMode | None:
    """Return how `url` wants the connection secured, if it says so."""
    return cast("SslMode | None", url.query.get("sslmode"))


def root_cert_of(url: URL) -> Path | None:
    """Return the file that `url` names, or None for the system's authorities."""
    path = url.query.get("sslrootcert", "system")
    return None if path == "system" else Path(str(path))


def ensure_tls_is_understood(url: URL) -> None:
    """Raise ValueError if `url` asks for TLS in a way that this service does not know."""
    for name in url.query:
        if name.replace("-", "_") in OTHERS:
            raise ValueError(f"has {name}=, which only some drivers read: write sslmode=")
    if url.query.get("sslmode", "disable") not in SSL_MODES:
        raise ValueError(f"has an sslmode that is none of {', '.join(SSL_MODES)}")
    if path := root_cert_of(url):
        ensure_certificates(path)


def ensure_certificates(path: Path) -> None:
    """Raise ValueError if there are no certificates of authorities in `path`."""
    try:
        ssl.create_default_context(cafile=path)
    except OSError:
        raise ValueError(f"{path} is no file of certificates (PEM)") from None
