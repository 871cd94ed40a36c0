"""How the database's URL asks for TLS: as libpq spells it, whatever the database is."""

import ssl
from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal, get_args

from sqlalchemy import URL

from app.kit.db.url_parameters import ANY

SslMode = Literal["disable", "require", "verify-ca", "verify-full"]

PARAMETERS: dict[str, Collection[str]] = {
    # Our own certificate, and its key.
    "sslcert": ANY,
    "sslkey": ANY,
    "sslmode": get_args(SslMode),
    "sslrootcert": ANY,
}
INSTEAD = {
    **dict.fromkeys(["ssl_ca", "ssl-ca", "sslca"], "write sslrootcert="),
    "sslpassword": "decrypt the key, and let only this service read it",
}
"""The advice for spellings that only some drivers read."""


def tls_settings(url: URL) -> dict[str, Any]:
    """Return the settings that `url` stands for; raises ValueError if a file can't be used."""
    if "sslkey" in url.query and "sslcert" not in url.query:
        raise ValueError("has sslkey= without sslcert=")
    try:
        # Without the authorities of the system, which take longer to load than all settings.
        load_certificate(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), url)
    except OSError:
        raise ValueError("has no PEM file in sslcert=, or a locked one in sslkey=") from None
    root = str(url.query.get("sslrootcert", "system"))
    if root != "system":
        ensure_certificates(Path(root))
    return {
        "db_ssl_mode": url.query.get("sslmode"),
        "db_ssl_root_cert": None if root == "system" else Path(root),
    }


def certificate(url: URL) -> dict[str, str]:
    """Return the files of our own certificate and its key, as libpq names them."""
    if "sslcert" not in url.query:
        return {}
    file = str(url.query["sslcert"])
    return {"sslcert": file, "sslkey": str(url.query.get("sslkey", file))}


def load_certificate(context: ssl.SSLContext, url: URL) -> None:
    """Load our own certificate, if `url` has one; raises OSError if it can't be read."""
    if files := certificate(url):
        # An empty password, so that OpenSSL does not prompt for one.
        context.load_cert_chain(files["sslcert"], files["sslkey"], password="")


def ensure_certificates(path: Path) -> Path:
    """Return `path`; raises ValueError if there are no certificates of authorities in it."""
    try:
        ssl.create_default_context(cafile=path)
    except OSError:
        raise ValueError(f"{path} is no file of certificates (PEM)") from None
    return path
