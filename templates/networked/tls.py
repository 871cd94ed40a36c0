"""TLS to the database: one meaning, whatever the driver calls it."""

import ssl
from typing import Literal

from app.config import Settings

Mode = Literal["disable", "require", "verify-full"]

LOCAL_HOSTS = {None, "", "localhost", "127.0.0.1", "::1"}


def tls_mode(settings: Settings) -> Mode:
    """Return how the connection is secured: fully, unless it stays on this machine.

    `require` encrypts, but believes any server; `verify-full` demands a certificate for the
    host's name, from an authority that we trust.
    """
    if settings.db_ssl_mode:
        return settings.db_ssl_mode
    return "disable" if settings.sqlalchemy_url.host in LOCAL_HOSTS else "verify-full"


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """Return the context for drivers that take one, or None for a connection without TLS.

    Raises OSError if the file of DB_SSL_ROOT_CERT can't be read.
    """
    mode = tls_mode(settings)
    if mode == "disable":
        return None
    context = ssl.create_default_context(cafile=settings.db_ssl_root_cert)
    if mode == "require":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
