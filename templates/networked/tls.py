"""TLS to the database: one meaning, whatever the driver calls it."""

# {% if cookiecutter.driver != "psycopg" %}
import ssl

# {% endif %}
from app.config import Settings
from app.db.tls_url import SslMode
from app.db.url import servers_of

LOCAL_HOSTS = {"", "localhost", "127.0.0.1", "::1"}


def tls_mode(settings: Settings) -> SslMode:
    """Return how the connection is secured: fully, unless it stays on this machine.

    `require` encrypts, but believes any server; `verify-full` demands a certificate for the
    host's name, from an authority that we trust.
    """
    return settings.ssl_mode or ("disable" if _stays_here(settings) else "verify-full")


def _stays_here(settings: Settings) -> bool:
    hosts = [host for host, _ in servers_of(settings.sqlalchemy_url)]
    # A path is a socket's.
    return all(host in LOCAL_HOSTS or host.startswith("/") for host in hosts)
# {% if cookiecutter.driver != "psycopg" %}


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """Return the context for drivers that take one, or None for a connection without TLS.

    Raises OSError if the file of the authorities can't be read.
    """
    mode = tls_mode(settings)
    if mode == "disable":
        return None
    context = ssl.create_default_context(cafile=settings.ssl_root_cert)
    if mode == "require":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
# {% endif %}
