"""A DuckDB engine that reports progress, can be cancelled and names its failures.

Its own connection is worked by one thread; lanes.py works more connections beside it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from concurrent.futures import TimeoutError as StillRunning
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import duckdb

from audiences.pipeline.plan import Cancelled, DiskFull, MemoryShort, PipelineError, Progress
from pinconnect.lib import engine

# For files between two steps. Hardly any digest or value comes twice in a row group, so looking for a dictionary only
# costs time.
FORMAT = "FORMAT parquet, COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 1"
PARQUET = f"({FORMAT})"
POLL_S = 0.1
_ROWS_AT_ONCE = 10_000

Row = tuple[Any, ...]
T = TypeVar("T")


class BadCsv(PipelineError):  # noqa: N818 - caught at once, where another way of reading takes over
    """DuckDB refused a text file. Its own message quotes the data and is therefore dropped."""


class Session:
    """Statements run on a thread of their own; the callbacks are called on the caller's thread.

    So a callback may use the caller's database connection. spill: a directory that this session creates and removes.
    """

    def __init__(
        self,
        spill: Path,
        *,
        memory_limit_mb: int = 512,
        threads: int = 0,
        max_spill_mb: int = 0,
        progress: Callable[[Progress], None] = lambda _: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._spill = spill
        self._most_spilled = max_spill_mb * 1_000_000
        self._progress = progress
        self._cancelled = cancelled
        self._step = "reading"
        self._span = (0.0, 0.0)
        self._reached = 0.0
        self._asides: list[Future[Any]] = []
        self.rows = 0
        self.threads = threads or os.cpu_count() or 1
        self.memory_limit_mb = memory_limit_mb
        spill.mkdir(parents=True, exist_ok=True)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="duckdb")
        self._engine = engine.borrowed(
            threads=threads, memory_limit_mb=memory_limit_mb, spill=spill, max_spill_mb=max_spill_mb
        )
        self._connection = self._engine.__enter__()
        self._connection.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.interrupt()
        self._thread.shutdown(wait=True)
        self._engine.__exit__(kind, error, trace)
        shutil.rmtree(self._spill, ignore_errors=True)

    def enter(self, step: str, start: float, end: float) -> None:
        """Say which step the next statements belong to and which part of the whole they make up."""
        self._step, self._span = step, (start, end)
        self.report(0.0)

    def report(self, fraction: float) -> None:
        """Pass on how far the step is, and stop if somebody asked to. It never goes back, though work may."""
        start, end = self._span
        self._reached = max(self._reached, round(start + (end - start) * fraction, 4))
        self._progress(Progress(self._step, self._reached, self.rows))
        self.stop_if_cancelled()

    def stop_if_cancelled(self) -> None:
        """Raise Cancelled if somebody asked to stop, or what went wrong beside."""
        if self._cancelled():
            raise Cancelled("Preparing was cancelled.")
        for future in self._asides:
            if future.done() and (error := future.exception()):
                raise error

    def heed(self, future: Future[Any]) -> None:
        """Stop as soon as this fails."""
        self._asides.append(future)

    def run(self, sql: str, *, within: tuple[float, float] | None = None) -> list[Row]:
        """All rows of a statement (for a COPY: its count). within: the part of the step that this statement is."""
        return self._wait(self._thread.submit(self._fetch, sql), within)

    def value(self, sql: str, *, within: tuple[float, float] | None = None) -> int:
        """The first field of the first row, as a number."""
        return int(self.run(sql, within=within)[0][0] or 0)

    @contextmanager
    def unordered(self) -> Iterator[None]:
        """Statements write in any order, since keeping one costs. That goes for all connections to the engine."""
        self.run("SET preserve_insertion_order = false")
        try:
            yield
        finally:
            self.run("SET preserve_insertion_order = true")

    def run_beside(self, sql: str, work: Callable[[], T], *, within: tuple[float, float]) -> tuple[list[Row], T]:
        """All rows of a statement, and what work comes to on this thread meanwhile; if work fails, the statement stops.

        That the statement failed is noticed when work is done.
        """
        future = self._thread.submit(self._fetch, sql)
        try:
            done = work()
        except BaseException:
            stop([future], [self._connection])
            raise
        return self._wait(future, within), done

    def stream(self, sql: str) -> Iterator[list[Row]]:
        """The rows of a query, 10,000 at a time; no other statement may run before it is exhausted."""
        self._wait(self._thread.submit(self._connection.execute, sql), None)
        while rows := self._wait(self._thread.submit(self._connection.fetchmany, _ROWS_AT_ONCE), None):
            yield rows

    def connect(self) -> duckdb.DuckDBPyConnection:
        """One more connection to the same engine, for a thread of its own; whoever asks for it closes it."""
        return self._connection.cursor()

    def look_after(self, within: tuple[float, float], done: float) -> None:
        """Report how far such threads are (0 to 1), and raise if they should stop."""
        self._watch_spill()
        self.report(within[0] + (within[1] - within[0]) * done)

    def _fetch(self, sql: str) -> list[Row]:
        return self._connection.execute(sql).fetchall()

    def _wait(self, future: Future[T], within: tuple[float, float] | None) -> T:
        while True:
            try:
                return future.result(timeout=POLL_S)
            except StillRunning:
                try:
                    self._look_up(within)
                except BaseException:
                    stop([future], [self._connection])
                    raise
            except duckdb.Error as error:
                raise named(error) from None

    def _look_up(self, within: tuple[float, float] | None) -> None:
        self._watch_spill()
        if within:
            done = max(0.0, self._connection.query_progress()) / 100
            self.report(within[0] + (within[1] - within[0]) * min(1.0, done))
        else:
            self.stop_if_cancelled()

    def _watch_spill(self) -> None:
        """DuckDB 2.0 writes past max_temp_directory_size when a table grows, so the limit is kept here as well."""
        if self._most_spilled and sum(_size(file) for file in self._spill.glob("*")) > self._most_spilled:
            raise DiskFull("Preparing this run needs more room on the disk than it may use.")


def stop(futures: Sequence[Future[Any]], connections: Sequence[duckdb.DuckDBPyConnection]) -> None:
    """Until nothing runs any more: an interruption between two statements stops none."""
    for future in futures:
        future.cancel()
    while wait(futures, timeout=POLL_S).not_done:
        for connection in connections:
            connection.interrupt()


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        # Spilled data may be taken back at any moment.
        return 0


def named(error: duckdb.Error) -> PipelineError:
    """Our own error for DuckDB's, without its message: that may quote a value."""
    text = str(error)
    if isinstance(error, duckdb.InterruptException):
        return Cancelled("Preparing was cancelled.")
    if "No space left" in text or "max_temp_directory_size" in text or "Disk quota exceeded" in text:
        return DiskFull("There is no room left on the disk for preparing this run.")
    if isinstance(error, duckdb.OutOfMemoryException):
        return MemoryShort("Preparing this run needs more memory than it may use.")
    if "CSV" in text or "csv" in text or "UTF-8" in text or "utf-8" in text:
        return BadCsv("The text file does not follow its format.")
    return PipelineError(f"The data engine failed ({type(error).__name__}).")
