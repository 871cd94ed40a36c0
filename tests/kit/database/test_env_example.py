"""The example shows every setting, with its default."""

from app.settings import Settings
from tests.support.processes import PROJECT


def test_it_shows_every_setting_with_its_default() -> None:
    lines = (PROJECT / ".env.example").read_text(encoding="utf-8").splitlines()
    shown = dict(
        line.removeprefix("# ").split("=", 1)
        for line in lines
        if line.startswith("# ") and "=" in line
    )
    assert shown.keys() == {name.upper() for name in Settings.model_fields}
    examples = {
        "DATABASE_READ_URL",
        "DATABASE_URL",
        "DB_PASS",
        "DB_PASS_FILE",
        "DB_SSL_MODE",
        "DB_SSL_ROOT_CERT",
    } & shown.keys()
    example = Settings.model_validate(
        {name.lower(): value for name, value in shown.items() if name not in examples}
    )
    assert example.model_dump(exclude={name.lower() for name in examples}) == {
        name: field.default
        for name, field in Settings.model_fields.items()
        if name.upper() not in examples
    }
