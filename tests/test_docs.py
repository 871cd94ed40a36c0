"""What the documentation says is what the tables in cookiecutter.json say."""

from __future__ import annotations

from bake import ANSWERS, TEMPLATE, choices


def rows(path: str, first: str) -> list[list[str]]:
    """Return the cells of the table whose first heading is `first`, without backquotes."""
    lines = (TEMPLATE / path).read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {first} |"))
    table = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        table.append([cell.strip().replace("`", "") for cell in line.strip("|").split(" | ")])
    return table


def test_the_table_of_drivers() -> None:
    table = rows("docs/drivers.md", "driver")
    assert [row[0] for row in table] == choices("driver")
    for driver, dialect, requirement, port, loop, *_ in table:
        facts = ANSWERS["_drivers"][driver]
        assert dialect == facts["dialect"]
        assert requirement == facts["requirement"]
        assert port == str(facts["port"] or "none")
        assert loop == ("required" if facts["needs_selector"] else "not needed")


def test_the_readme_offers_every_choice() -> None:
    table = {row[0]: row[1:] for row in rows("README.md", "answer")}
    for answer in ("driver", "framework", "server", "sync_engine", "windows_event_loop", "license"):
        offered, default = table[answer]
        for choice in choices(answer):
            assert choice in offered, (answer, choice)
        assert default == choices(answer)[0]
