"""The command line: `python -m app`."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import START_COMMAND

import argparse
import sys

from app.commands.dev import dev
from app.commands.doctor import doctor
from app.commands.errors import CommandError
from app.commands.serve import serve
from app.commands.settings import load_settings
from app.output import escape_unprintable

COMMANDS = {"serve": serve, "dev": dev, "doctor": doctor}


def main(arguments: list[str]) -> int:
    """Run the command that `arguments` name and return the exit code."""
    escape_unprintable()
    if not arguments or arguments[0] in {"--host", "--port", "--workers"}:
        arguments = ["serve", *arguments]
    options = vars(_parser().parse_args(arguments))
    command = COMMANDS[options.pop("command")]
    try:
        command(load_settings(options))
    except CommandError as error:
        print(f"{START_COMMAND}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=START_COMMAND, description="Run the service.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serving = argparse.ArgumentParser(add_help=False)
    serving.add_argument("--host", dest="app_host", metavar="ADDRESS", help="instead of APP_HOST")
    serving.add_argument("--port", dest="app_port", metavar="N", help="instead of APP_PORT")
    workers = argparse.ArgumentParser(add_help=False)
    workers.add_argument(
        "--workers", dest="app_workers", metavar="N", help="instead of APP_WORKERS"
    )
    commands.add_parser("serve", parents=[serving, workers], help="serve (without a command, too)")
    commands.add_parser(
        "dev", parents=[serving], help="bring a database, migrate, seed, serve and reload"
    )
    commands.add_parser("doctor", help="show the settings and say what is wrong")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
