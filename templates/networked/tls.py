"""TLS to the database: one meaning, whatever the driver calls it."""

# {% if cookiecutter.driver != "psycopg" %}
import ssl

# {% endif %}
from app.kit.db.settings import DatabaseSettings
# {% if cookiecutter.driver != "psycopg" %}
from app.kit.db.tls_url import SslMode, load_certificate
# {% else %}
from app.kit.db.tls_url import SslMode
# {% endif %}
from app.kit.db.url import servers_of

LOCAL_HOSTS = {"", "localhost", "127.0.0.1", "::1"}


def tls_mode(settings: DatabaseSettings) -> SslMode:
    """Return how the connection is secured: fully, unless it stays on this machine.

    `require` encrypts, but believes any server; `verify-ca` demands a certificate from an
    authority that we trust, and `verify-full` one for the host's name.
    """
    hosts = [host for host, _ in servers_of(settings.sqlalchemy_url)]
    # A path is a Unix socket, which no driver encrypts.
    remote = [host for host in hosts if not host.startswith("/")]
    if not remote:
        return "disable"
    stays_here = LOCAL_HOSTS.issuperset(remote)
    return settings.db_ssl_mode or ("disable" if stays_here else "verify-full")
# {% if cookiecutter.driver != "psycopg" %}


def tls_context(settings: DatabaseSettings) -> ssl.SSLContext | None:
    """Return the context for drivers that take one, or None for a connection without TLS.

    Raises OSError if a file of certificates can't be read.
    """
    mode = tls_mode(settings)
    if mode == "disable":
        return None
    context = ssl.create_default_context(cafile=settings.db_ssl_root_cert)
    load_certificate(context, settings.sqlalchemy_url)
    context.check_hostname = mode == "verify-full"
    if mode == "require":
        context.verify_mode = ssl.CERT_NONE
    return context
# {% endif %}
