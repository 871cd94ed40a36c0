"""Try the template, or test it, with nothing but Python 3.11 and pip.

    python3 try.py                     scaffold a project, start it, call it (on Windows: py try.py)
    python3 try.py --driver aiosqlite  the same with another answer
    python3 try.py test                run the template's tests; more arguments go to pytest
    python3 try.py bench               measure what projects cost; --help says more
    python3 try.py newest              run projects with the newest versions of what they depend on,
                                       also pre-releases; words behind it choose projects (litestar)
    python3 try.py oldest              the same with the oldest versions that they allow
    python3 try.py site                build the site: the documents, and all projects to look at

It needs no other package: uv is taken from PATH, or installed with pip into .tools/ here.
"""

import argparse
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

TEMPLATE = Path(__file__).resolve().parent
TOOLS = TEMPLATE / ".tools"
OPTIONS = ("driver", "framework", "server", "jobs")
"""Answers that may be others than the default."""
PATIENCE = 120
"""Seconds that a new service may take to answer: the first start makes a database."""
STOP_TIMEOUT = 30
"""Seconds that a service may take to stop."""


# What we call is on this machine: no proxy leads there, whatever the environment says.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class TryError(Exception):
    """It can't go on; the message is one sentence that says why and what to do."""


def main(arguments):
    """Do what `arguments` ask for and return the exit code."""
    # A console may lack a character of a path, or of what a project says.
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        if sys.version_info < (3, 11):
            version = ".".join(map(str, sys.version_info[:3]))
            raise TryError(f"This is Python {version}: run try.py with Python 3.11 or newer.")
        if arguments[:1] == ["test"]:
            return run_tests(arguments[1:])
        if arguments[:1] in (["bench"], ["site"]):
            return run_module({"bench": "benchmarks", "site": "website"}[arguments[0]], arguments)
        if arguments[:1] in (["newest"], ["oldest"]):
            return run_dependencies(arguments)
        return demonstrate(_parser().parse_args(arguments))
    except TryError as error:
        print(f"try.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def run_tests(arguments):
    """Run the template's own tests."""
    uv = find_uv()
    run([uv, "sync", "--quiet", "--group", "test"], TEMPLATE)
    command = [uv, "run", "--quiet", "--no-sync", "pytest", *arguments]
    return subprocess.run(command, cwd=TEMPLATE, env=environment()).returncode


def run_module(module, arguments):
    """Measure what projects cost, or build the site: the first of the arguments is the group."""
    places = ("", "tests", "templates/local_database")
    path = os.pathsep.join(str(TEMPLATE / name) for name in places)
    command = [find_uv(), "run", "--quiet", "--group", arguments[0], "python", "-m", module]
    # The caller's own directory, for the files that it names.
    command[2:2] = ["--project", str(TEMPLATE)]
    env = environment() | {"PYTHONPATH": path}
    return subprocess.run([*command, *arguments[1:]], env=env).returncode


def run_dependencies(arguments):
    """Run projects with other versions of what they depend on."""
    path = os.pathsep.join(str(TEMPLATE / name) for name in ("", "tests", "templates"))
    command = [find_uv(), "run", "--quiet", "--group", "test", "python", "tests/dependencies.py"]
    env = environment() | {"PYTHONPATH": path}
    return subprocess.run([*command, *arguments], cwd=TEMPLATE, env=env).returncode


def demonstrate(options):
    """Scaffold a project, start it, call it, and stop it."""
    uv = find_uv()
    with workplace(options.output) as place:
        step(f"Scaffold a project: {options.framework} with {options.driver}")
        project = scaffold(uv, place, options)
        step("Install what it needs, into an environment of its own")
        run([uv, "sync", "--quiet"], project)
        if options.framework == "none" and options.jobs == "no":
            step("Prepare it: a database, migrations, demonstration data")
            show(uv, project, "dev")
            show(uv, project, "companies", "list")
        elif options.framework == "none":
            step("Start it: a database, migrations, demonstration data, the worker")
            with worker(uv, project):
                step("Give it a job")
                do_a_job(uv, project)
                show(uv, project, "companies", "list")
                stay("It runs")
        else:
            step("Start it: a database, migrations, demonstration data, the service")
            with service(uv, project) as url:
                step("Call it")
                call_everything(url)
                if options.jobs == "yes":
                    step("Give it a job")
                    do_a_job(uv, project)
                stay(f"It runs at {url}")
        step(f"Stopped; the project is in {project}" if options.output else "Stopped")
    return 0


@contextmanager
def workplace(output):
    """Yield the directory to scaffold in: `output`, or one that is deleted in the end."""
    if output:
        Path(output).mkdir(parents=True, exist_ok=True)
        yield Path(output).resolve()
        return
    # Windows may still hold a file for a moment after its process has ended.
    with tempfile.TemporaryDirectory(prefix="try-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)


def scaffold(uv, place, options):
    """Render the template with its default answers but for `options`; return the project."""
    answers = [f"{name}={getattr(options, name)}" for name in OPTIONS]
    before = set(place.iterdir())
    command = ["cookiecutter", "--no-input", "--default-config", "--output-dir", str(place)]
    run([uv, "run", "--quiet", *command, str(TEMPLATE), *answers], TEMPLATE)
    return (set(place.iterdir()) - before).pop()


@contextmanager
def service(uv, project):
    """Yield the URL of the project's service, started as its README says; stop it in the end."""
    port = free_port()
    with started(uv, project, "--port", str(port)) as (process, log):
        wait_until_it_answers(f"http://127.0.0.1:{port}/ready", process, log)
        yield f"http://127.0.0.1:{port}"


@contextmanager
def worker(uv, project):
    """Let the project's worker run for the length of the block."""
    with started(uv, project) as (process, log):
        wait_until_it_works(process, log)
        yield


@contextmanager
def started(uv, project, *arguments):
    """Yield the process of `python -m app dev` and its log; stop it in the end."""
    command = [uv, "run", "python", "-m", "app", "dev", *arguments]
    # Not in our group: Ctrl-C is for us, and the service is then asked to stop.
    own_group = (
        {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        if sys.platform == "win32"
        else {"start_new_session": True}
    )
    log = project / ".local" / "try.log"
    log.parent.mkdir(exist_ok=True)
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, cwd=project, env=environment(), stdout=output, stderr=output, **own_group
        ) as process,
    ):
        try:
            yield process, log
        finally:
            stop(process)


def wait_until_it_answers(url, process, log):
    """Return once `url` answers 200; raise TryError with the log if it won't."""
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), _direct.open(url, timeout=5):
            return
        time.sleep(0.1)
    raise TryError(f"The service did not start; it says:\n{read(log)}")


def wait_until_it_works(process, log):
    """Return once the worker works; raise TryError with what it says if it won't."""
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        if "Working" in read(log).splitlines():
            return
        time.sleep(0.1)
    raise TryError(f"The worker did not start; it says:\n{read(log)}")


def read(log):
    """Return what is in the log."""
    return log.read_text(encoding="utf-8", errors="replace").strip()


def stop(process):
    """Ask the process to stop, and wait until it has; kill all that is left of it."""
    try:
        if sys.platform == "win32":
            process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            process.terminate()
        process.wait(STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        problem = f"did not stop within {STOP_TIMEOUT} seconds"
        raise TryError(f"The service {problem} and was killed.") from None
    except OSError as error:
        # Without a console there is no CTRL_BREAK.
        raise TryError(
            f"The service could not be asked to stop ({error}): it was killed."
        ) from error
    finally:
        if process.poll() is None:
            kill_group(process)


def kill_group(process):
    """Kill the process and those that it started."""
    if sys.platform == "win32":
        tree = ["taskkill", "/T", "/F", "/PID", str(process.pid)]
        with suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(tree, capture_output=True, timeout=STOP_TIMEOUT)
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def do_a_job(uv, project):
    """Queue a job, wait until it is done, and show what it did; raise TryError if it fails."""
    companies = [{"name": "Fresh Start Ltd", "industry": "Beginnings"}]
    payload = json.dumps({"companies": companies})
    show(uv, project, "jobs", "add", "import_companies", payload)
    deadline = time.monotonic() + PATIENCE
    while "queued" in (told := show(uv, project, "jobs", "list")):
        if time.monotonic() > deadline:
            raise TryError("The job was not done.")
        time.sleep(0.5)
    if "done" not in told:
        raise TryError("The job failed.")


def show(uv, project, *arguments):
    """Run `python -m app`, show the command with what it prints, and return that."""
    told = run([uv, "run", "python", "-m", "app", *arguments], project)
    print(f"\n  python -m app {' '.join(arguments)}")
    print("\n".join(f"  {line}" for line in told.splitlines()))
    return told


def call_everything(url):
    """Call the service as a client would; raise TryError at an answer that is not right."""
    companies = "/api/v1/companies"
    call(url, "GET", "/health", 200)
    call(url, "GET", "/ready", 200)
    call(url, "GET", f"{companies}?limit=2", 200)
    new = {"name": "Fresh Start Ltd", "industry": "Beginnings"}
    created = call(url, "POST", companies, 201, new)
    call(url, "POST", companies, 409, new)
    call(url, "PATCH", f"{companies}/{created['id']}", 200, {"industry": "Second chances"})
    call(url, "DELETE", f"{companies}/{created['id']}", 204)
    call(url, "GET", f"{companies}/{created['id']}", 404)


def call(url, method, path, expected, body=None):
    """Send a request, show it with its answer, and return the answer's JSON."""
    request = urllib.request.Request(url + path, method=method)
    if body:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    try:
        with _direct.open(request, timeout=10) as response:
            status, text = response.status, response.read().decode("utf-8")
    except urllib.error.HTTPError as error:
        with error:
            status, text = error.code, error.read().decode("utf-8")
    print(f"\n  {method} {path} {json.dumps(body) if body else ''}\n  {status} {text}")
    if status != expected:
        raise TryError(f"{method} {path} was answered with {status} instead of {expected}.")
    return json.loads(text) if text else None


def stay(what):
    """In a terminal, say so and return when Ctrl-C is pressed."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return
    print(f"\n{what} until you press Ctrl-C.")
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(1)


def find_uv():
    """Return the path of uv: from PATH, or from .tools/, where it is installed if need be."""
    here = os.pathsep.join(str(TOOLS / name) for name in ("bin", "Scripts"))
    if uv := shutil.which("uv") or shutil.which("uv", path=here):
        return uv
    step("Install uv into .tools/")
    # Neither refused by a Python that its system manages (PEP 668), nor needing venv.
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(TOOLS), "uv"]
    run([*pip, "--disable-pip-version-check", "--root-user-action=ignore"], TEMPLATE)
    if uv := shutil.which("uv", path=here):
        return uv
    raise TryError(f"pip put no uv into {TOOLS}: install uv yourself, so that it is on PATH.")


def run(command, directory):
    """Run `command` and return what it printed; raise TryError with that if it fails."""
    done = subprocess.run(
        command,
        cwd=directory,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        told = done.stdout.strip()
        if "invalid peer certificate" in told or "No CA certificates" in told:
            raise TryError(
                "uv does not trust the certificate of the package index: set SSL_CERT_FILE to the "
                f"file with the certificates of your company or proxy. It says:\n{told}"
            )
        raise TryError(f"`{' '.join(command)}` failed with exit code {done.returncode}:\n{told}")
    return done.stdout


def environment():
    """Return the environment for what we start: this Python, and nobody else's database."""
    foreign = ("DATABASE_URL", "DB_", "APP_", "TEST_DATABASE_URL", "VIRTUAL_ENV", "PYTHONPATH")
    foreign += ("WEB_CONCURRENCY",)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {
        **certificates(),
        **kept,
        "PYTHONUTF8": "1",
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
    }


def certificates():
    """Return the setting by which uv trusts what this system trusts, as pip does.

    uv has its own list of authorities, which lacks that of a company. A Linux without certificates
    of its own needs that list.
    """
    paths = ssl.get_default_verify_paths()
    in_folder = paths.capath and any(Path(paths.capath).iterdir())
    there = sys.platform in {"win32", "darwin"} or paths.cafile or in_folder
    return {"UV_SYSTEM_CERTS": "true"} if there else {}


def free_port():
    """Return a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def step(what):
    """Say what happens now."""
    print(f"==> {what}", flush=True)


def _parser():
    answers = json.loads((TEMPLATE / "cookiecutter.json").read_text(encoding="utf-8"))
    parser = argparse.ArgumentParser(
        prog="try.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in OPTIONS:
        choices = answers[name]
        parser.add_argument(f"--{name}", choices=choices, default=choices[0])
    parser.add_argument("--output", metavar="DIR", help="keep the project there")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
