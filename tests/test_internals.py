"""The inside of servers, frameworks, SQLAlchemy and drivers: what projects use of it is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from support.bake import WEB_FRAMEWORKS, choices, server_of
from support.places import PROBES
from support.projects import Project, Variant, each

pytestmark = pytest.mark.projects

DRIVER = choices("driver")[0]
FASTAPI = choices("framework")[0]
VARIANTS: list[Variant] = [
    *((DRIVER, framework) for framework in WEB_FRAMEWORKS),
    *((DRIVER, FASTAPI, server) for server in choices("server")[1:]),
]
PACKAGES = [*choices("server"), *WEB_FRAMEWORKS, "quart_schema", "werkzeug"]

UVICORN = {
    "Config": ["configure_logging", "load"],
    "WatchFilesReload": ["startup", "restart", "shutdown", "should_restart"],
    "Multiprocess": ["init_processes", "keep_subprocess_alive", "terminate_all"],
    "HttpToolsProtocol": [
        *("__init__", "connection_made", "connection_lost", "data_received", "on_body"),
        "on_message_complete",
    ],
}
STARLETTE = {"JSONResponse": ["__init__"], "StreamingResponse": ["__init__", "__call__"]}
OVERRIDDEN: dict[str, dict[str, list[str]]] = {
    "uvicorn": UVICORN,
    "granian": {},
    "hypercorn": {},
    "fastapi": STARLETTE,
    "litestar": {"ASGIStreamingResponse": ["__init__", "__call__"]},
    "starlette": STARLETTE | {"Response": ["render"]},
    "quart": {
        "OpenAPIProvider": [
            *("build_path_parameter", "build_request_body", "build_response_object"),
        ],
        "Request": ["get_json"],
        "ASGIHTTPConnection": ["handle_request", "__call__"],
        "IntegerConverter": ["to_python"],
    },
    "aiohttp": {"SockSite": ["start"], "RequestHandler": ["data_received"]},
    "sanic": {
        "WebSocketProtocol": ["data_received"],
        "ErrorHandler": ["default", "log"],
        "Request": ["path", "forwarded"],
        "Router": ["__init__", "add"],
    },
}
"""Methods of theirs that ours take the place of: without them, nobody would call ours."""
SQLALCHEMY = {
    "AsyncAdaptedQueuePool": ["__init__", "connect", "_do_get"],
    "AsyncSession": ["__init__", "begin", "begin_nested"],
    "AsyncSessionTransaction": ["__init__"],
    "TypeDecorator": ["__init__", "process_bind_param", "process_result_value"],
    "UserDefinedType": ["__init__", "__repr__"],
}
OF_DRIVERS: dict[str, dict[str, list[str]]] = {
    "asyncpg": {},
    "psycopg": {
        "AsyncConnection": ["rollback", "wait", "cancel_safe"],
        "AsyncCursor": ["_execute_gen"],
        "AsyncPipeline": ["_sync_gen", "_communicate_gen"],
    },
    "aiosqlite": {},
    "asyncmy": {"Connection": ["rollback"]},
    "aiomysql": {
        "Connection": [
            *("__init__", "cursor", "ensure_closed", "rollback", "_request_authentication"),
            *("_read_query_result", "_read_ok_packet"),
        ],
        "SSCursor": ["_show_warnings", "_read_next", "close"],
    },
}
"""Those of drivers, in the same way."""


def uses(project: Project, *options: str, of: Iterable[str] = PACKAGES) -> list[str]:
    """Return what a project overrides, and a line for each use of what is not there."""
    program = PROBES / "internals.py"
    return project.succeed(project.python, program, *options, *of).splitlines()


def overrides(classes: dict[str, list[str]]) -> list[str]:
    """Return the lines of `uses` about methods of these classes."""
    return sorted(
        f"overrides {kind}.{method}" for kind, methods in classes.items() for method in methods
    )


@pytest.mark.parametrize("variant", each(VARIANTS))
def test_what_projects_use_of_the_inside_is_there(
    variant: Variant, installed: Callable[[Variant], Project]
) -> None:
    _, framework, server, *_ = (*variant, choices("server")[0])
    of_both = OVERRIDDEN[framework] | OVERRIDDEN[server_of(framework, server)]
    assert sorted(uses(installed(variant), "app")) == overrides(of_both)


@pytest.mark.parametrize("variant", each([(driver, FASTAPI) for driver in choices("driver")]))
def test_what_projects_use_of_sqlalchemy_and_of_drivers_is_there(
    variant: Variant, installed: Callable[[Variant], Project]
) -> None:
    driver, _ = variant
    packages = ["sqlalchemy", driver, "pymysql"]
    found = uses(installed(variant), "app/kit/db", of=packages)
    assert sorted({*found}) == overrides(SQLALCHEMY | OF_DRIVERS[driver])


@pytest.mark.parametrize("variant", each([("psycopg", FASTAPI)]))
def test_a_name_that_a_driver_lacks_is_found(
    variant: Variant, installed: Callable[[Variant], Project]
) -> None:
    found = uses(installed(variant), "--gone", "_WaitTimeout", "app/kit/db", of=["psycopg"])
    assert [line for line in found if "psycopg.errors" in line and "_WaitTimeout" in line], found


GONE = [
    (FASTAPI, "uvicorn", "serve.py", "get_subprocess", "from uvicorn._subprocess import"),
    (FASTAPI, "uvicorn", "serve.py", "bind_socket", "listener = config.bind_socket()"),
    (FASTAPI, "uvicorn", "serve.py", "signal_queue", "if not (self.signal_queue"),
    (FASTAPI, "uvicorn", "serve.py", "should_restart", "= super().should_restart()"),
    (FASTAPI, "uvicorn", "serve.py", "timeout_worker_healthcheck", "uvicorn.run(application"),
    (FASTAPI, "uvicorn", "slow_clients.py", "httptools_impl", "from uvicorn.protocols.http"),
    (FASTAPI, "uvicorn", "slow_clients.py", "send_400_response", "self.send_400_response("),
    (FASTAPI, "granian", "server.py", "log_dictconfig", "server = Server("),
    (FASTAPI, "granian", "server.py", "header_read_timeout", "http1_settings=HTTP1Settings("),
    (FASTAPI, "hypercorn", "server.py", "shutdown_trigger", "serve(app, _config("),
    (FASTAPI, "hypercorn", "server.py", "graceful_timeout", "config.graceful_timeout ="),
    (
        "aiohttp",
        "uvicorn",
        "server.py",
        "_request_count",
        "(connection, connection._request_count)",
    ),
    ("aiohttp", "uvicorn", "server.py", "BaseSite", "await web.BaseSite.start(self)"),
    ("sanic", "uvicorn", "server.py", "close_if_idle", "connection.close_if_idle()"),
    ("sanic", "uvicorn", "server.py", "recv_buffer", "self.recv_buffer or"),
]
"""A framework, a server, one of our files, a name of theirs, and our line that needs it first."""


WITH_GONE = [
    (DRIVER, framework, server) if server != choices("server")[0] else (DRIVER, framework)
    for framework, server in dict.fromkeys((framework, server) for framework, server, *_ in GONE)
]


@pytest.mark.parametrize("variant", each(WITH_GONE, usual=[WITH_GONE[0], WITH_GONE[-1]]))
def test_a_line_that_broke_is_named(
    variant: Variant, installed: Callable[[Variant], Project]
) -> None:
    _, framework, server, *_ = (*variant, choices("server")[0])
    project = installed(variant)
    for of_framework, of_server, name, gone, line in GONE:
        if (of_framework, of_server) != (framework, server):
            continue
        file = f"app/kit/commands/{name}"
        found = [it for it in uses(project, "--gone", gone, "app") if it.startswith(f"{file}:")]
        lines = (project.path / file).read_text(encoding="utf-8").splitlines()
        [number] = [index for index, text in enumerate(lines, 1) if line in text][:1]
        assert any(it.startswith(f"{file}:{number}: ") and gone in it for it in found), (
            gone,
            found,
        )
