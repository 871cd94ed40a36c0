"""Files for deployments: what they say is what projects are, and what can be run is."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx2
import pytest
import yaml
from kubernetes_validate.utils import ValidationError, latest_version, validate
from support.bake import TEMPLATE, bake
from support.projects import (
    PATIENCE,
    Project,
    each,
    environment,
    free_port,
    own_group,
    wait_until_it_answers,
)

PAGES = TEMPLATE / "docs" / "deployment"
MANIFESTS = PAGES / "kubernetes"
UNIT = PAGES / "company-directory@.service"
WINDOWS = PAGES / "company-directory.xml"
USER = 10001
MARGIN = 5
"""Seconds for a machine with other things to do, in a period of grace."""
ELEMENTS = {
    *("id", "name", "description", "executable", "arguments", "workingdirectory", "env"),
    *("startmode", "delayedAutoStart", "stoptimeout", "onfailure", "resetfailure", "logpath"),
    *("log", "serviceaccount", "depend"),
}
"""Of WinSW's documentation, those that are used."""
# All that this process sees is read-only, the project is where the image has it, and its Python is
# not in the home of root, where nobody else gets to.
READ_ONLY = """\
set -eu
mount --bind "$1" /srv
mount --bind "$2" "$3"
mount -t tmpfs tmpfs /root
mkdir -p "$2"
mount --bind "$3" "$2"
for place in $(awk '$2 !~ "^/(dev|proc|sys)" { print $2 }' /proc/self/mounts); do
    mount -o remount,bind,ro "$place"
done
cd /srv
shift 3
exec setpriv --reuid={user} --regid={user} --clear-groups --no-new-privs --bounding-set=-all \\
    --inh-caps=-all "$@"
"""


@pytest.fixture(scope="module")
def render(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the default render."""
    return bake(tmp_path_factory.mktemp("render"))


@cache
def defaults(render: Path) -> dict[str, float]:
    """Return the numbers in a render's `.env.example`, which are its defaults."""
    text = (render / ".env.example").read_text(encoding="utf-8")
    found = re.findall(r"^# ([A-Z_]+)=(\d+(?:\.\d+)?)$", text, re.MULTILINE)
    return {name: float(value) for name, value in found}


def longest_stop(render: Path) -> float:
    """Return how long a stop takes at most, in seconds (docs/requests.md)."""
    it = defaults(render)
    return it["APP_SHUTDOWN_TIMEOUT"] + it["DB_DRAIN_TIMEOUT"] + 2 * it["DB_PING_TIMEOUT"]


@cache
def built() -> list[dict[str, Any]]:
    """Return what kustomize makes of the manifests, or, without it, what is in the files."""
    kubectl, kustomize = shutil.which("kubectl"), shutil.which("kustomize")
    if not kubectl and not kustomize:
        texts = [(MANIFESTS / name).read_text(encoding="utf-8") for name in named_files()]
        return [yaml.safe_load(text) for text in texts]
    command = [kustomize, "build"] if kustomize else [str(kubectl), "kustomize"]
    done = subprocess.run(
        [*command, str(MANIFESTS)],
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return [*yaml.safe_load_all(done.stdout)]


def named_files() -> list[str]:
    """Return the files that are the kustomization's resources."""
    text = (MANIFESTS / "kustomization.yaml").read_text(encoding="utf-8")
    found: list[str] = yaml.safe_load(text)["resources"]
    return found


def manifest(kind: str) -> dict[str, Any]:
    """Return the only one of its kind."""
    [found] = [it for it in built() if it["kind"] == kind]
    return found


def pods() -> list[dict[str, Any]]:
    """Return what pods are made of."""
    return [manifest(kind)["spec"]["template"]["spec"] for kind in ("Deployment", "Job")]


def container(kind: str) -> dict[str, Any]:
    """Return the only container of the pods of a kind."""
    [found] = manifest(kind)["spec"]["template"]["spec"]["containers"]
    return dict(found)


def test_the_kustomization_names_every_file() -> None:
    there = {path.name for path in MANIFESTS.glob("*.yaml")} - {"kustomization.yaml"}
    assert sorted(named_files()) == sorted(there)


def test_the_manifests_are_valid() -> None:
    for it in built():
        validate(it, latest_version(), strict=True)


def test_what_is_not_valid_is_noticed() -> None:
    broken = yaml.safe_load((MANIFESTS / "deployment.yaml").read_text(encoding="utf-8"))
    broken["spec"]["template"]["spec"]["terminationGracePeriodSecond"] = 30
    with pytest.raises(ValidationError):
        validate(broken, latest_version(), strict=True)


def test_the_grace_is_longer_than_the_stop(render: Path) -> None:
    pod, *_ = pods()
    before = container("Deployment")["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["terminationGracePeriodSeconds"] >= before + longest_stop(render) + MARGIN
    said = (PAGES / "kubernetes.md").read_text(encoding="utf-8")
    assert f"= {before + longest_stop(render):.0f}, then SIGKILL" in said


def test_probes_ask_what_answers(render: Path) -> None:
    it = container("Deployment")
    dockerfile = (render / "Dockerfile").read_text(encoding="utf-8")
    [port] = it["ports"]
    assert f"EXPOSE {port['containerPort']}" in dockerfile.splitlines()
    assert manifest("Service")["spec"]["ports"][0]["targetPort"] == port["name"]
    asked = {name: it[f"{name}Probe"] for name in ("startup", "liveness", "readiness")}
    assert {name: probe["httpGet"]["path"] for name, probe in asked.items()} == {
        "startup": "/health",
        "liveness": "/health",
        "readiness": "/ready",
    }
    assert {probe["httpGet"]["port"] for probe in asked.values()} == {port["name"]}
    assert asked["readiness"]["timeoutSeconds"] > defaults(render)["DB_READY_TIMEOUT"]
    start = asked["startup"]["periodSeconds"] * asked["startup"]["failureThreshold"]
    assert start > 2 * defaults(render)["DB_CONNECT_TIMEOUT"]


def test_pods_run_what_the_image_and_compose_run(render: Path) -> None:
    service, migration = container("Deployment"), container("Job")
    # What the image's CMD says.
    assert not {"command", "args"} & service.keys()
    compose = yaml.safe_load((render / "compose.yaml").read_text(encoding="utf-8"))
    assert migration["command"] == compose["services"]["migrate"]["command"]
    assert service["image"] == migration["image"]
    assert not [pod for pod in pods() if "initContainers" in pod]


def test_workers_answer_their_health_check() -> None:
    for kind in ("Deployment", "Job"):
        it = container(kind)["resources"]
        assert "cpu" not in it["limits"]
        assert it["limits"]["memory"] == it["requests"]["memory"]


def test_settings_are_the_project_s(render: Path) -> None:
    text = (MANIFESTS / "settings.env").read_text(encoding="utf-8")
    settings = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
    example = (render / ".env.example").read_text(encoding="utf-8")
    assert not [name for name in settings if f"# {name}=" not in example]
    assert int(settings["APP_INSTANCES"]) == manifest("Deployment")["spec"]["replicas"]
    for kind in ("Deployment", "Job"):
        [mount] = [it for it in container(kind)["volumeMounts"] if it["name"] == "database"]
        assert settings["DB_PASS_FILE"] == f"{mount['mountPath']}/password"


def test_no_secret_is_there() -> None:
    assert "Secret" not in {it["kind"] for it in built()}
    for pod in pods():
        [secret] = [it["secret"]["secretName"] for it in pod["volumes"] if "secret" in it]
        assert f"generic {secret} --from-file=password" in (PAGES / "kubernetes.md").read_text(
            encoding="utf-8"
        )


def test_pods_are_restricted() -> None:
    """By the rules of Pod Security's level of this name, and with nothing to write to but /tmp."""
    for pod in pods():
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == USER
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert {key for it in pod["volumes"] for key in it} == {"name", "secret", "emptyDir"}
        [it] = pod["containers"]
        assert it["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_selectors_find_the_service_only() -> None:
    labels = manifest("Deployment")["spec"]["template"]["metadata"]["labels"]
    others = manifest("Job")["spec"]["template"]["metadata"]["labels"]
    for kind in ("Deployment", "Service", "PodDisruptionBudget"):
        selector = manifest(kind)["spec"]["selector"]
        chosen = selector.get("matchLabels", selector)
        assert chosen.items() <= labels.items()
        assert not chosen.items() <= others.items()


def test_the_first_step_has_what_the_job_needs() -> None:
    """`kubectl apply -k kubernetes -l step=migration` makes the settings and the Job."""
    if not shutil.which("kubectl") and not shutil.which("kustomize"):
        pytest.skip("there is neither kubectl nor kustomize here, which make the ConfigMap")
    labelled = [it for it in built() if it["metadata"]["labels"].get("step") == "migration"]
    assert sorted(it["kind"] for it in labelled) == ["ConfigMap", "Job"]
    [settings] = [it["metadata"]["name"] for it in labelled if it["kind"] == "ConfigMap"]
    for kind in ("Deployment", "Job"):
        assert container(kind)["envFrom"] == [{"configMapRef": {"name": settings}}]


def entries(name: str) -> list[str]:
    """Return the values of an entry of the unit."""
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)


def test_systemd_waits_longer_than_a_stop_takes(render: Path) -> None:
    [timeout] = entries("TimeoutStopSec")
    assert float(timeout) >= longest_stop(render) + MARGIN
    assert entries("KillMode") == ["mixed"]


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if not program:
        pytest.skip("there is no systemd-analyze here, which reads units")
    text = UNIT.read_text(encoding="utf-8")
    # It looks whether the program is there.
    text = text.replace("/srv/company-directory/.venv/bin/python", sys.executable)
    unit = tmp_path / UNIT.name.replace("@", "@8001")
    unit.write_text(text, encoding="utf-8")
    command = [program, "verify", "--man=no", str(unit)]
    done = subprocess.run(
        command, capture_output=True, check=False, encoding="utf-8", timeout=PATIENCE
    )
    ours = [line for line in done.stderr.splitlines() if "company-directory" in line]
    assert not ours
    unit.write_text(text.replace("TimeoutStopSec", "TimeoutStopSecs"), encoding="utf-8")
    done = subprocess.run(
        command, capture_output=True, check=False, encoding="utf-8", timeout=PATIENCE
    )
    assert "TimeoutStopSecs" in done.stderr


def test_windows_waits_longer_than_a_stop_takes(render: Path) -> None:
    service = ET.parse(WINDOWS).getroot()  # noqa: S314  a file of this repository
    assert {it.tag for it in service} <= ELEMENTS
    text = {it.tag: it.text or "" for it in service}
    [seconds] = re.findall(r"^(\d+) sec$", text["stoptimeout"])
    assert float(seconds) >= longest_stop(render) + MARGIN
    assert (text["executable"].rpartition("\\")[2], text["arguments"]) == ("python.exe", "-m app")
    assert text["executable"].startswith(f"{text['workingdirectory']}\\.venv\\")
    example = (render / ".env.example").read_text(encoding="utf-8")
    names = [it.get("name", "") for it in service.iter("env")]
    assert not [it for it in names if f"# {it}=" not in example and not it.startswith("PYTHON")]


@contextmanager
def answering(
    command: list[str], log: Path, port: int, env: dict[str, str], place: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a process that serves on the port, once it answers."""
    with log.open("wb") as output, own_group(command, output, cwd=place, env=env) as process:
        wait_until_it_answers(process, f"http://127.0.0.1:{port}", log)
        assert httpx2.get(f"http://127.0.0.1:{port}/ready").status_code == 200
        yield process


@pytest.fixture(params=each([("asyncpg", "fastapi")]))
def project(request: pytest.FixtureRequest, installed: Callable[..., Project]) -> Project:
    """Return a project, as it runs in production."""
    return installed(request.param)


@pytest.mark.projects
@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0,
    reason="needs root on Linux, which mounts the file system read-only for one process",
)
@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.full)])
def test_the_service_needs_nothing_to_write_to(
    project: Project, url: str, tmp_path: Path, workers: int
) -> None:
    script = READ_ONLY.replace("{user}", str(USER))
    port = free_port()
    dockerfile = (project.path / "Dockerfile").read_text(encoding="utf-8")
    [image] = re.findall(r"^CMD (\[.*\])$", dockerfile, re.MULTILINE)
    _, *arguments = yaml.safe_load(image)
    path = f"/srv/.venv/bin:{os.environ['PATH']}"
    env = {"PATH": path, "PYTHONPATH": "/srv", "HOME": "/", "DATABASE_URL": url}
    env |= {"APP_PORT": str(port), "APP_WORKERS": str(workers)}
    (tmp_path / "python").mkdir()
    places = [str(project.path), sys.base_prefix, str(tmp_path / "python")]
    shell = ["unshare", "--mount", "sh", "-c", script, "sh", *places]
    writes = "import pathlib; pathlib.Path('/srv/written').touch()"
    python = "/srv/.venv/bin/python"
    refused = subprocess.run(
        [*shell, python, "-c", writes],
        env=env,
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    assert "Read-only file system" in refused.stderr
    with answering(
        [*shell, python, *arguments], tmp_path / "log", port, env, project.path
    ) as process:
        made = httpx2.post(
            f"http://127.0.0.1:{port}/api/v1/companies",
            json={"name": "Acme", "industry": "Anvils"},
        )
        assert made.status_code == 201
        process.terminate()
        assert process.wait(PATIENCE) in {0, -15}
    assert "Traceback" not in (tmp_path / "log").read_text(encoding="utf-8")


@pytest.mark.projects
@pytest.mark.skipif(sys.platform == "win32", reason="a unit of systemd has POSIX paths")
def test_what_systemd_starts_serves(project: Project, url: str, tmp_path: Path) -> None:
    before, at, after = url.partition("@")
    user, _, password = before.rpartition(":")
    (tmp_path / "database-password").write_text(password, encoding="utf-8")
    port = free_port()
    [start] = entries("ExecStart")
    start = start.replace("/srv/company-directory", str(project.path)).replace("%i", str(port))
    env = environment(DATABASE_URL=f"{user}{at}{after}")
    for line in entries("Environment"):
        pairs = (it.partition("=") for it in shlex.split(line))
        env |= {name: value.replace("%d", str(tmp_path)) for name, _, value in pairs}
    log = tmp_path / "log"
    with answering(shlex.split(start), log, port, env, project.path) as process:
        process.terminate()
        assert process.wait(PATIENCE) in {0, -15}
    lines = log.read_text(encoding="utf-8").splitlines()
    assert lines
    assert all(line.startswith("{") for line in lines)
