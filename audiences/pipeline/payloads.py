"""The records of any range of a prepared sequence, ready to be sent; the cost is that of the range, not of the file."""

# SQL is put together from our own expressions and names.
# ruff: noqa: S608

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import duckdb

from audiences.pipeline import plain
from audiences.pipeline.plan import PipelineError
from audiences.pipeline.sequences import INDEX, Index, read_index
from pinconnect.pinterest.types import Payload

SAMPLED = 64


class PayloadMissing(PipelineError):  # noqa: N818 - says what is the matter
    """The working directory does not hold the whole range any more; preparing again brings it back."""


# Opening a connection costs twice what reading a batch does, so each thread keeps one.
_mine = threading.local()
_inherited: list[duckdb.DuckDBPyConnection] = []


def _connection() -> duckdb.DuckDBPyConnection:
    """This thread's connection. One that came over a fork is put aside unused: closing it could hang."""
    if getattr(_mine, "pid", None) != os.getpid():
        if hasattr(_mine, "connection"):
            _inherited.append(_mine.connection)
        _mine.connection = duckdb.connect(":memory:", config={"threads": 1, "memory_limit": "256MB"})
        # The same path may hold other data after preparing again.
        _mine.connection.execute("SET enable_external_file_cache = false")
        _mine.pid = os.getpid()
    connection: duckdb.DuckDBPyConnection = _mine.connection
    return connection


def are_whole(workdir: Path, totals: Mapping[str, int]) -> bool:
    """Whether the working directory holds so many entries of each operation, all of them readable."""
    try:
        index = read_index(workdir)
        for operation, total in totals.items():
            # The text of an entry takes every column of it, so every page is read and checked.
            query = f"SELECT count(*), max(entry::VARCHAR) FROM ({index.entries(operation, 0, total)}) AS entry"
            found = _connection().execute(query).fetchone()
            if found is None or found[0] != total:
                return False
    except (OSError, ValueError, KeyError, TypeError, duckdb.Error):
        return False
    return True


def _index(workdir: Path) -> Index:
    stat = (workdir / INDEX).stat()
    return _index_of(workdir, (stat.st_ino, stat.st_size, stat.st_mtime_ns))


@lru_cache(maxsize=8)
def _index_of(workdir: Path, version: tuple[int, ...]) -> Index:
    """version: tells what was prepared at the same place at another time apart."""
    return read_index(workdir)


def read(workdir: Path, operation: str, first: int, count: int) -> Payload:
    """Entries first .. first + count - 1 of the ADD or REMOVE sequence. Raises PayloadMissing."""
    try:
        index = _index(workdir)
    except (OSError, ValueError, KeyError, TypeError):
        raise PayloadMissing("The prepared data is not there.") from None
    if index.shape == "records":
        try:
            digests = plain.digests(index, operation, first, count, _connection())
        except (OSError, duckdb.Error):
            raise PayloadMissing("The prepared data cannot be read.") from None
        if digests is not None:
            return Payload(records=None, rows_json=None, count=count, digests=digests)
    entries, text = index.entries(operation, first, first + count), _text(index, operation)
    try:
        found = (
            _connection().execute(f"SELECT count(*), string_agg({text}, ',' ORDER BY n) FROM ({entries})").fetchone()
        )
    except duckdb.Error:
        raise PayloadMissing("The prepared data cannot be read.") from None
    if found is None or found[0] != count:
        raise PayloadMissing("The prepared data does not hold this range.")
    if index.shape == "records":
        return Payload(records=None, rows_json=None, count=count, digests=found[1].encode("ascii"))
    return Payload(records=None, rows_json=f"[{found[1]}]", count=count)


def sample(workdir: Path) -> str:
    """Some records of each operation as they are sent, evenly spread, with their places; all of a few.

    Records are sorted, so where one is another than it was, most of those between its old and its new place are, too.
    """
    index, found = read_index(workdir), []
    for operation in ("ADD", "REMOVE"):
        total = index.count(operation)
        places = sorted({total * part // SAMPLED for part in range(SAMPLED)} | {total - 1}) if total else []
        if places:
            chosen = f"({index.entries(operation, 0, total)}) WHERE n IN ({', '.join(map(str, places))})"
            query = f"SELECT n, {_text(index, operation)} FROM {chosen} ORDER BY n"
            found += [operation, *(f"{place} {text}" for place, text in _connection().execute(query).fetchall())]
    return "\n".join(found)


def _text(index: Index, operation: str) -> str:
    """SQL for an entry as it is sent."""
    return "lower(hex(h))" if index.shape == "records" else index.row_text(operation)
