"""TLS to the database: one meaning, whatever the driver calls it."""

# {% if cookiecutter.driver != "psycopg" %}
import ssl
# {% endif %}
from typing import Literal

from sqlalchemy import URL

from app.config import Settings

Mode = Literal["disable", "require", "verify-full"]

LOCAL_HOSTS = {"", "localhost", "127.0.0.1", "::1"}


def tls_mode(settings: Settings) -> Mode:
    """Return how the connection is secured: fully, unless it stays on this machine.

    `require` encrypts, but believes any server; `verify-full` demands a certificate for the
    host's name, from an authority that we trust.
    """
    if settings.db_ssl_mode:
        return settings.db_ssl_mode
    return "disable" if _stays_here(settings.sqlalchemy_url) else "verify-full"


def _stays_here(url: URL) -> bool:
    # A host may also stand behind the question mark, or more than one; a path is a socket's.
    named = url.query.get("host", ())
    hosts = [url.host or "", *([named] if isinstance(named, str) else named)]
    return all(host in LOCAL_HOSTS or host.startswith("/") for host in hosts)
# {% if cookiecutter.driver != "psycopg" %}


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
# {% endif %}
