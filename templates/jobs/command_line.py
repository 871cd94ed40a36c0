# {% if cookiecutter.__start == "work" %}
"""The command line of the worker."""
# {% else %}
"""The command line of the service."""
# {% endif %}

# {% if cookiecutter.__jobs %}
# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import run

# {% endif %}
import sys
from typing import Annotated

import typer

# {% if cookiecutter.__jobs %}
from app.kit.commands import jobs
# {% endif %}
from app.kit.commands.command_error import CommandError
from app.kit.commands.doctor import doctor
# {% if cookiecutter.__web %}
from app.kit.commands.serve import serve
# {% endif %}
from app.kit.commands.service import Service
from app.kit.commands.settings import load_settings
# {% if cookiecutter.__jobs %}
from app.kit.commands.work import start
# {% endif %}
from app.kit.log import configure_log

# {% if cookiecutter.__jobs %}
# Texts: what is wrong with one is said by the settings, whose name it has.
# {% if cookiecutter.__web %}
Host = Annotated[str | None, typer.Option(metavar="ADDRESS", help="Instead of APP_HOST.")]
Port = Annotated[str | None, typer.Option(metavar="N", help="Instead of APP_PORT.")]
# {% endif %}
Concurrency = Annotated[
    str | None, typer.Option(metavar="N", help="Instead of WORKER_CONCURRENCY.")
]
Workers = Annotated[str | None, typer.Option(metavar="N", help="Instead of APP_WORKERS.")]
# {% endif %}
Limit = Annotated[int, typer.Option(min=1, help="How many at most.")]


def group(description: str) -> typer.Typer:
    """Return a group of commands, whose errors are plain sentences."""
    return typer.Typer(
        help=description,
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )


def run_command(commands: typer.Typer, arguments: list[str], *, name: str) -> int:
    """Run the command that `arguments` name; return its exit code, or raise SystemExit with it.

    `name` is for messages.
    """
    # {% if cookiecutter.__start %}
    if not arguments or (arguments[0].startswith("--") and arguments[0] != "--help"):
        arguments = ["{{ cookiecutter.__start }}", *arguments]
    # {% endif %}
    configure_log()
    try:
        # {% if cookiecutter.__start %}
        commands(arguments, prog_name=name)
        # {% else %}
        commands(arguments or ["--help"], prog_name=name)
        # {% endif %}
    except CommandError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    return 0


def create_commands(service: Service) -> typer.Typer:
    """Return the commands that every service has."""
    # {% if cookiecutter.__web %}
    commands = group("Run the service and its worker, and see to the queue.")
    # {% elif cookiecutter.__jobs %}
    commands = group("Run the worker, and see to its queue.")
    # {% else %}
    commands = group("See to the database, and to what it holds.")

    # {% endif %}
    # {% if cookiecutter.__jobs %}
    commands.add_typer(_create_job_commands(service), name="jobs")

    # {% endif %}
    # {% if cookiecutter.__web %}
    @commands.command("serve")
    def _serve(host: Host = None, port: Port = None, workers: Workers = None) -> None:
        """Serve (without a command, too)."""
        options = {"app_host": host, "app_port": port, "app_workers": workers}
        serve(load_settings(service.settings, options), service.application)

    # {% endif %}
    # {% if cookiecutter.__jobs %}
    @commands.command("work")
    def _work(concurrency: Concurrency = None, workers: Workers = None) -> None:
        # {% if cookiecutter.__web %}
        """Do the jobs in the queue."""
        # {% else %}
        """Do the jobs in the queue (without a command, too)."""
        # {% endif %}
        options = {"worker_concurrency": concurrency, "app_workers": workers}
        start(load_settings(service.settings, options), service.worker)

    # {% endif %}
    # {% if cookiecutter.__web %}
    @commands.command("dev")
    def _dev(host: Host = None, port: Port = None, concurrency: Concurrency = None) -> None:
        """Bring a database, migrate, seed, serve, work and reload."""
        # Not at the top: it brings Alembic.
        from app.kit.commands.dev import dev  # noqa: PLC0415

        options = {"app_host": host, "app_port": port, "worker_concurrency": concurrency}
        dev(load_settings(service.settings, options), service)

    # {% elif cookiecutter.__jobs %}
    @commands.command("dev")
    def _dev(concurrency: Concurrency = None) -> None:
        """Bring a database, migrate, seed, work and reload."""
        # Not at the top: it brings Alembic.
        from app.kit.commands.dev import dev  # noqa: PLC0415

        dev(load_settings(service.settings, {"worker_concurrency": concurrency}), service)

    # {% else %}
    @commands.command("dev")
    def _dev() -> None:
        """Bring a database, migrate, and seed."""
        # Not at the top: it brings Alembic.
        from app.kit.commands.dev import dev  # noqa: PLC0415

        dev(load_settings(service.settings), service)

    # {% endif %}
    @commands.command("doctor")
    def _doctor() -> None:
        """Show the settings and say what is wrong."""
        doctor(load_settings(service.settings))

    return commands
# {% if cookiecutter.__jobs %}


def _create_job_commands(service: Service) -> typer.Typer:
    commands = group("What is in the queue, and what should be.")

    @commands.command("add")
    def _add(
        kind: str,
        payload: Annotated[str, typer.Argument(help="A JSON object.")] = "{}",
        file: Annotated[
            typer.FileBinaryRead | None,
            typer.Option(
                metavar="FILE", help="A file that holds the payload; - for standard input."
            ),
        ] = None,
        delay: Annotated[float, typer.Option(min=0, help="Seconds to wait before.")] = 0,
    ) -> None:
        """Add a job."""
        content = file.read() if file else payload
        settings, kinds = load_settings(service.settings), service.handlers.keys()
        run(jobs.add(settings, kind=kind, payload=content, delay=delay, kinds=kinds))

    @commands.command("list")
    def _list(state: jobs.Shown | None = None, limit: Limit = 50) -> None:
        """Print jobs, the newest first: number, kind, state, moment, attempts, error or worker."""
        run(jobs.show(load_settings(service.settings), state=state, limit=limit))

    @commands.command("retry")
    def _retry(job_id: int) -> None:
        """Queue a failed job again."""
        run(jobs.retry(load_settings(service.settings), job_id=job_id))

    return commands
# {% endif %}
