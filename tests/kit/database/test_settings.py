"""Settings become a URL, and keep their secrets."""

import pytest
from pydantic import SecretStr, ValidationError

from app.kit.db.settings import DIALECT
# {% if cookiecutter.__networked %}
from app.kit.db.url import servers_of
# {% endif %}
from app.settings import Settings


def test_a_foreign_dialect_is_refused() -> None:
    with pytest.raises(ValidationError, match="does not start with"):
        Settings(database_url=SecretStr("oracle://scott:tiger@db/orcl"))


def test_what_is_no_url_is_refused_without_repeating_it() -> None:
    with pytest.raises(ValidationError, match="is not a URL") as caught:
        Settings(database_url=SecretStr("tiger@db"))
    assert "tiger" not in str(caught.value)


def test_the_dialect_may_be_left_to_us() -> None:
    plain = DIALECT.partition("+")[0]
    settings = Settings(database_url=SecretStr(f"{plain}:///any.db"))
    assert settings.sqlalchemy_url.drivername == DIALECT
# {% if cookiecutter.__networked %}


@pytest.mark.parametrize("password", ["p@ss%w:/#?", "ünï cödé", "%40", "'\"\\"])
def test_every_character_of_a_password_survives(password: str) -> None:
    # No URL, which would come first: this machine may have one in its environment.
    settings = Settings(
        database_url=None, db_host="db.example", db_user="me", db_pass=SecretStr(password)
    )
    assert settings.sqlalchemy_url.password == password
    assert settings.sqlalchemy_url.host == "db.example"


def test_secrets_are_not_shown() -> None:
    settings = Settings(database_url=SecretStr(f"{DIALECT}://me:hunter2@db/it"))
    assert "hunter2" not in f"{settings} {settings!r} {settings.sqlalchemy_url}"
    assert settings.sqlalchemy_url.password == "hunter2"  # noqa: S105  not a secret


@pytest.mark.parametrize("name", ["password", "passwd"])
def test_a_password_behind_the_question_mark_would_be_shown(name: str) -> None:
    with pytest.raises(ValidationError, match="question mark") as caught:
        Settings(database_url=SecretStr(f"{DIALECT}://me@db/it?{name}=hunter2"))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("password", ["p@hunter2", "p@hunter2/x", "p@hunter2?x", "p@hunter2=x"])
def test_part_of_a_password_is_no_host(password: str) -> None:
    with pytest.raises(ValidationError, match="write %40") as caught:
        Settings(database_url=SecretStr(f"{DIALECT}://me:{password}@db/it"))
    assert "hunter2" not in str(caught.value)


def test_a_replica_differs_only_in_its_address() -> None:
    settings = Settings(
        database_url=SecretStr(f"{DIALECT}://me:one@db/it?sslmode=disable"),
        database_read_url=SecretStr(f"{DIALECT}://me:two@replica/it"),
    )
    replica = settings.replica
    assert replica
    assert "two" not in f"{settings} {replica} {replica.sqlalchemy_url}"
    assert replica.sqlalchemy_url.host == "replica"
    assert (settings.db_ssl_mode, replica.db_ssl_mode) == ("disable", None)
    assert replica.replica is None
    assert replica.db_pool_size == settings.db_pool_size


@pytest.mark.parametrize(
    "url",
    [
        f"{DIALECT}://me:p%40ss@one:1,two:2/it",
        f"{DIALECT}://me:p%40ss@one:1,two:2/it?connect_timeout=9",
        # {% if cookiecutter.__postgresql %}
        "postgresql://me:p%40ss@/it?host=one:1&host=two:2",
        "postgresql://me:p%40ss@/it?host=one,two&port=1,2",
        # {% endif %}
    ],
)
def test_several_servers_in_a_url(url: str) -> None:
    settings = Settings(database_url=SecretStr(url))
    assert servers_of(settings.sqlalchemy_url) == [("one", 1), ("two", 2)]
    assert settings.sqlalchemy_url.password == "p@ss"  # noqa: S105  not a secret
    assert "p@ss" not in str(settings.sqlalchemy_url)


@pytest.mark.parametrize(
    ("host", "port", "servers"),
    [
        ("one,two", "1,2", [("one", 1), ("two", 2)]),
        ("one,two", "1", [("one", 1), ("two", 1)]),
        ("::1,two", "1", [("::1", 1), ("two", 1)]),
        ("one", 1, [("one", 1)]),
        # {% if cookiecutter.__postgresql %}
        ("/run/postgresql", "1", [("/run/postgresql", 1)]),
        # {% endif %}
    ],
)
def test_several_servers_in_parts(
    host: str, port: str | int, servers: list[tuple[str, int]]
) -> None:
    parts = {"database_url": None, "db_host": host, "db_port": port}
    assert servers_of(Settings.model_validate(parts).sqlalchemy_url) == servers
# {% if cookiecutter.__postgresql %}


def test_of_several_servers_the_one_that_fits_is_used() -> None:
    def role(settings: Settings) -> object:
        return settings.sqlalchemy_url.query.get("target_session_attrs")

    several = SecretStr("postgresql://me@[::1]:1,two/it")
    settings = Settings(database_url=several, database_read_url=several)
    assert role(settings) == "read-write"
    assert settings.replica
    assert role(settings.replica) == "prefer-standby"
    assert role(Settings(database_url=SecretStr("postgresql://me@one/it"))) is None
# {% endif %}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"database_url": f"{DIALECT}://one:1,two:x/it"}, "port"),
        ({"database_url": f"{DIALECT}://one,,two/it"}, "without a host"),
        # {% if not cookiecutter.__postgresql %}
        ({"db_host": "one,/run/two"}, "socket"),
        # {% else %}
        ({"database_url": "postgresql://one,two/it?port=1,2,3"}, "2 hosts and 3 ports"),
        ({"database_url": "postgresql://one/it?target_session_attrs=big"}, "read-write"),
        # {% endif %}
        ({"db_host": "one,two,three", "db_port": "1,2"}, "3 hosts and 2 ports"),
        ({"db_host": "one", "db_port": "65536"}, "65535"),
    ],
)
def test_servers_that_are_not_understood(settings: dict[str, str], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Settings.model_validate({"database_url": None} | settings)
# {% endif %}
