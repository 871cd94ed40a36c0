"""The command line: `python -m app`."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import START_COMMAND

import sys

# {% if cookiecutter.__example and not cookiecutter.__web %}
from app.companies.commands import commands as company_commands
# {% endif %}
# {% if cookiecutter.__jobs %}
from app.jobs import HANDLERS
# {% endif %}
# {% if cookiecutter.__web and not cookiecutter.__jobs %}
from app.kit.commands.command_line import run_command
# {% else %}
from app.kit.commands.command_line import create_commands, run_command
# {% endif %}
from app.kit.commands.service import Service
from app.settings import Settings

SERVICE = Service(
    # {% if cookiecutter.__web %}
    application="app.main:{{ 'app' if cookiecutter._frameworks[cookiecutter.framework].server == 'asgi' else 'create_app' }}",
    # {% endif %}
    # {% if cookiecutter.__jobs %}
    worker="app.worker:work",
    handlers=HANDLERS,
    # {% endif %}
    settings=Settings,
    seed="scripts.seed_database:seed_if_empty",
)
# {% if cookiecutter.__jobs or not cookiecutter.__web %}

commands = create_commands(SERVICE)
# {% endif %}
# {% if cookiecutter.__example and not cookiecutter.__web %}
commands.add_typer(company_commands, name="companies")
# {% endif %}


def main(arguments: list[str]) -> int:
    """Run the command that `arguments` name and return the exit code."""
    # {% if cookiecutter.__web and not cookiecutter.__jobs %}
    return run_command(SERVICE, arguments, name=START_COMMAND)
    # {% else %}
    return run_command(commands, arguments, name=START_COMMAND)
    # {% endif %}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
