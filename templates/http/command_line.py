"""The command line of the service."""

import argparse
import sys

from app.kit.commands.command_error import CommandError
from app.kit.commands.doctor import doctor
from app.kit.commands.serve import serve
from app.kit.commands.service import Service
from app.kit.commands.settings import load_settings
from app.kit.log import configure_log


def run_command(service: Service, arguments: list[str], *, name: str) -> int:
    """Run the command that `arguments` name and return the exit code; `name` is for messages."""
    configure_log()
    if not arguments or arguments[0] in {"--host", "--port", "--workers"}:
        arguments = ["serve", *arguments]
    options = vars(_parser(name).parse_args(arguments))
    command = options.pop("command")
    try:
        settings = load_settings(service.settings, options)
        if command == "serve":
            serve(settings, service.application)
        elif command == "dev":
            # Not at the top: it brings Alembic.
            from app.kit.commands.dev import dev  # noqa: PLC0415

            dev(settings, service)
        else:
            doctor(settings)
    except CommandError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=name, description="Run the service.")
    add = parser.add_subparsers(dest="command", required=True, metavar="COMMAND").add_parser
    serving = argparse.ArgumentParser(add_help=False)
    serving.add_argument("--host", dest="app_host", metavar="ADDRESS", help="instead of APP_HOST")
    serving.add_argument("--port", dest="app_port", metavar="N", help="instead of APP_PORT")
    more = argparse.ArgumentParser(add_help=False)
    more.add_argument("--workers", dest="app_workers", metavar="N", help="instead of APP_WORKERS")
    add("serve", parents=[serving, more], help="serve (without a command, too)")
    add("dev", parents=[serving], help="bring a database, migrate, seed, serve and reload")
    add("doctor", help="show the settings and say what is wrong")
    return parser
