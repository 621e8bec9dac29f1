"""The data engine, lent to one at a time: to start one takes 30 ms of processor time, often more than what it is for.

One instance of a process waits, emptied, for whoever comes next. Only one that was used for a moment, without a failure
and without files of its own, is kept: a large one gives its memory back by ending.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

# Longer than that nothing small takes, and starting another one does not matter.
_KEPT_AFTER_S = 5.0
# Set when an instance is made, since nobody wants it otherwise; all else is set each time.
_ALWAYS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    # Rows that a thread gathers while it writes by partition. So many stay near the processor; the engine's own number,
    # half a million, takes a tenth longer. Files are the same.
    "partitioned_write_flush_threshold": 16_384,
}

_lock = threading.Lock()
_idle: list[DuckDBPyConnection] = []


@contextmanager
def borrowed(
    *, threads: int = 0, memory_limit_mb: int = 0, spill: Path | None = None, max_spill_mb: int = 0
) -> Iterator[DuckDBPyConnection]:
    """A connection to an empty instance that nobody else uses; its cursors see the same tables.

    0: as many threads as there are processors, and as much memory and disk as the engine itself takes. spill: the
    folder for what does not fit into memory; without one that is an error. Tables are gone afterwards.
    """
    settings = _settings(threads, memory_limit_mb, spill, max_spill_mb)
    instance, connection = _opened(settings)
    began = time.monotonic()
    try:
        yield connection
    except BaseException:
        connection.close()
        instance.close()
        raise
    connection.close()
    if time.monotonic() - began > _KEPT_AFTER_S or not _is_emptied(instance):
        instance.close()
        return
    with _lock:
        _idle.append(instance)
        surplus = _idle[1:]
        del _idle[1:]
    for other in surplus:
        other.close()


def _settings(threads: int, memory_limit_mb: int, spill: Path | None, max_spill_mb: int) -> str:
    """Statements that undo whatever the one before has set."""
    folder = str(spill or "").replace("'", "''")
    return "; ".join(
        (
            f"SET threads = {threads}" if threads else "RESET threads",
            f"SET memory_limit = '{memory_limit_mb}MB'" if memory_limit_mb else "RESET memory_limit",
            # Its size is that of a folder, so it comes after it.
            f"SET temp_directory = '{folder}'",
            f"SET max_temp_directory_size = '{max_spill_mb}MB'" if max_spill_mb else "RESET max_temp_directory_size",
            "SET preserve_insertion_order = true",
        )
    )


def _opened(settings: str) -> tuple[DuckDBPyConnection, DuckDBPyConnection]:
    """The idle instance if there is one, else a new one, and a connection to it with these settings."""
    with _lock:
        instance = _idle.pop() if _idle else None
    if instance is not None:
        with suppress(duckdb.Error):
            connection = instance.cursor()
            connection.execute(settings)
            return instance, connection
        instance.close()
    instance = duckdb.connect(":memory:", config=_ALWAYS)
    connection = instance.cursor()
    connection.execute(settings)
    return instance, connection


def _is_emptied(instance: DuckDBPyConnection) -> bool:
    """Whether the instance holds nothing any more and can be used like a new one."""
    try:
        for (name,) in instance.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            instance.execute(f'DROP TABLE "{name}"')
        # An error once anything was written there.
        instance.execute("SET temp_directory = ''")
        return not instance.execute("SELECT 1 FROM duckdb_tables()").fetchall()
    except duckdb.Error:
        return False


def close_idle() -> None:
    """End the instance that waits, if there is one."""
    with _lock:
        _close_idle()


def _close_idle() -> None:
    while _idle:
        _idle.pop().close()


def _before_fork() -> None:
    # Held until both processes go on, so that no other thread leaves an instance here meanwhile.
    _lock.acquire()
    _close_idle()


atexit.register(close_idle)
# The threads of an instance do not come along into a forked process, which would wait for them.
os.register_at_fork(before=_before_fork, after_in_parent=_lock.release, after_in_child=_lock.release)
