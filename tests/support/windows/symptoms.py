"""Symptoms of a wrong event loop, and of what is taken for one: the words of each.

The table of docs/event-loop.md quotes the same: `tests/test_docs.py` compares them.
"""

from __future__ import annotations

SYMPTOMS: dict[str, tuple[str, ...]] = {
    "test_simulated_win32_psycopg": (
        "Psycopg cannot use the 'ProactorEventLoop' to run in async mode",
    ),
    "test_simulated_win32_psycopg_pool": ("pool initialization incomplete after",),
    "test_simulated_win32_aiopg": ("NotImplementedError", "in add_reader"),
    "test_simulated_win32_subprocess": ("NotImplementedError", "in _make_subprocess_transport"),
    "test_simulated_win32_signal_handler": ("NotImplementedError", "in add_signal_handler"),
    "test_simulated_win32_many_sockets": ("too many file descriptors in select()",),
    "test_simulated_win32_guard": (
        "This project runs on asyncio.SelectorEventLoop, but the running loop is",
    ),
    "test_windows_policy_elsewhere": (
        "module 'asyncio' has no attribute 'WindowsSelectorEventLoopPolicy'",
    ),
    "test_simulated_win32_no_policies": (
        "module 'asyncio' has no attribute 'set_event_loop_policy'",
    ),
    "test_loop_instance_as_factory": ("SelectorEventLoop' object is not callable",),
    "test_nested_run_until_complete": ("This event loop is already running",),
    "test_nested_run": ("asyncio.run() cannot be called from a running event loop",),
    "test_no_current_loop": ("There is no current event loop",),
    "test_connection_outlives_its_loop": ("Event loop is closed",),
    "test_engine_on_two_loops": ("attached to a different loop",),
    "test_tls_to_a_plain_port": ("SSL: WRONG_VERSION_NUMBER",),
    "test_asyncpg_tls_to_a_server_without": ("rejected SSL upgrade",),
    "test_lazy_io": ("greenlet_spawn has not been called",),
    "test_sync_driver": ("The asyncio extension requires an async driver",),
}
"""By the test that reproduces it: what stands in what Python prints."""
