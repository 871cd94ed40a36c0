"""Settings become a URL, and keep their secrets."""

import pytest
from pydantic import SecretStr, ValidationError

from app.config import Settings
from app.db.address import DIALECT


def test_a_foreign_dialect_is_refused() -> None:
    with pytest.raises(ValidationError, match="starts with oracle://"):
        Settings(database_url=SecretStr("oracle://scott:tiger@db/orcl"))


def test_what_is_no_url_is_refused_without_repeating_it() -> None:
    with pytest.raises(ValidationError, match="is not a URL") as caught:
        Settings(database_url=SecretStr("tiger@db"))
    assert "tiger" not in str(caught.value)


def test_the_dialect_may_be_left_to_us() -> None:
    plain = DIALECT.partition("+")[0]
    settings = Settings(database_url=SecretStr(f"{plain}:///any.db"))
    assert settings.sqlalchemy_url.drivername == DIALECT
# {% if cookiecutter._drivers[cookiecutter.driver].port %}


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
# {% endif %}
