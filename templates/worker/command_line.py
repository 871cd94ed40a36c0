"""The command line: `python -m app`."""

# Policy first: the event loop is chosen before anything imports a database driver.
from app.event_loop import START_COMMAND, run

import sys
from typing import Annotated

import typer

from app.commands import companies, jobs
from app.commands.dev import dev
from app.commands.doctor import doctor
from app.commands.errors import CommandError
from app.commands.settings import load_settings
from app.commands.work import start
from app.output import escape_unprintable


def group(description: str) -> typer.Typer:
    """Return a group of commands, whose errors are plain sentences."""
    return typer.Typer(
        help=description,
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )


commands = group("Run the worker, and see to its queue.")
job_commands = group("What is in the queue, and what should be.")
company_commands = group("The companies that are there.")
commands.add_typer(job_commands, name="jobs")
commands.add_typer(company_commands, name="companies")

# Texts: what is wrong with one is said by the settings, whose name it has.
Concurrency = Annotated[
    str | None, typer.Option(metavar="N", help="Instead of WORKER_CONCURRENCY.")
]
Workers = Annotated[str | None, typer.Option(metavar="N", help="Instead of APP_WORKERS.")]
Limit = Annotated[int, typer.Option(min=1, help="How many at most.")]


def main(arguments: list[str]) -> int:
    """Run the command that `arguments` name; return its exit code, or raise SystemExit with it."""
    if not arguments or (arguments[0].startswith("--") and arguments[0] != "--help"):
        arguments = ["work", *arguments]
    escape_unprintable()
    try:
        commands(arguments, prog_name=START_COMMAND)
    except CommandError as error:
        print(f"{START_COMMAND}: {error}", file=sys.stderr)
        return 1
    return 0


@commands.command("work")
def _work(concurrency: Concurrency = None, workers: Workers = None) -> None:
    """Do the jobs in the queue (without a command, too)."""
    start(load_settings({"worker_concurrency": concurrency, "app_workers": workers}))


@commands.command("dev")
def _dev(concurrency: Concurrency = None) -> None:
    """Bring a database, migrate, seed, work and reload."""
    dev(load_settings({"worker_concurrency": concurrency}))


@commands.command("doctor")
def _doctor() -> None:
    """Show the settings and say what is wrong."""
    doctor(load_settings())


@job_commands.command("add")
def _add_job(
    kind: str,
    payload: Annotated[str, typer.Argument(help="A JSON object.")] = "{}",
    file: Annotated[
        typer.FileBinaryRead | None,
        typer.Option(metavar="FILE", help="A file that holds the payload; - for standard input."),
    ] = None,
    delay: Annotated[float, typer.Option(min=0, help="Seconds to wait before.")] = 0,
) -> None:
    """Add a job."""
    content = file.read() if file else payload
    run(jobs.add(load_settings(), kind=kind, payload=content, delay=delay))


@job_commands.command("list")
def _list_jobs(state: jobs.Shown | None = None, limit: Limit = 50) -> None:
    """Print jobs, the newest first: number, kind, state, moment, attempts, last error or worker."""
    run(jobs.show(load_settings(), state=state, limit=limit))


@job_commands.command("retry")
def _retry_job(job_id: int) -> None:
    """Queue a failed job again."""
    run(jobs.retry(load_settings(), job_id=job_id))


@company_commands.command("add")
def _add_company(name: str, industry: str) -> None:
    """Add a company."""
    run(companies.add(load_settings(), name=name, industry=industry))


@company_commands.command("list")
def _list_companies(
    limit: Limit = 50,
    after: Annotated[int, typer.Option(min=0, help="The number to begin behind.")] = 0,
) -> None:
    """Print companies: number, name, industry."""
    run(companies.show(load_settings(), limit=limit, after=after))


@company_commands.command("export")
def _export_companies() -> None:
    """Print all companies as JSON, each on a line."""
    run(companies.export(load_settings()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
