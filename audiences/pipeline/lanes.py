"""Several small statements at once: one partition after the other leaves all but one processor idle.

A lane is a connection of its own to the engine of a session, so its temporary tables are its own as well. Whatever has
to happen in the order of the partitions waits for its turn.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

import duckdb

from audiences.pipeline.plan import Cancelled
from audiences.pipeline.session import POLL_S, Row, Session, named, stop

if TYPE_CHECKING:
    # What the session itself works on is the same kind of connection.
    from duckdb import DuckDBPyConnection

_MOST = 4
# Identifiers in a partition, for each megabyte of the memory limit, up to which several fit beside each other. Larger
# partitions keep all processors busy by themselves.
_SMALL_PER_MB = 1_200

Item = TypeVar("Item")
Result = TypeVar("Result")


def how_many(session: Session, identifiers: int, partitions: int) -> int:
    """Lanes that are worth having for so many identifiers in so many partitions."""
    if identifiers > _SMALL_PER_MB * session.memory_limit_mb * partitions:
        return 1
    return max(1, min(_MOST, session.threads, partitions))


class Lane:
    """Runs statements on the thread that calls it."""

    def __init__(self, connection: DuckDBPyConnection, turns: _Turns) -> None:
        self._connection, self._turns = connection, turns
        self.number = 0

    def run(self, sql: str) -> list[Row]:
        """All rows of a statement (for a COPY: its count)."""
        self._turns.stop_if_stopped()
        try:
            return self._connection.execute(sql).fetchall()
        except duckdb.Error as error:
            raise named(error) from None

    def value(self, sql: str) -> int:
        """The first field of the first row, as a number."""
        return int(self.run(sql)[0][0] or 0)

    @contextmanager
    def in_turn(self) -> Iterator[None]:
        """Wait until all items before this one had their turn, or needed none; once for each item."""
        self._turns.wait_for(self.number)
        yield
        self._turns.pass_on(self.number)


def each(
    session: Session,
    work: Callable[[Lane, Item], Result],
    items: Sequence[Item],
    *,
    lanes: int,
    within: tuple[float, float] = (0.0, 1.0),
) -> list[Result]:
    """Do work for each item, so many at a time, begun in order; returns the results in order.

    within: the part of the session's step that this is. The session must not be used otherwise meanwhile. Raises what
    the first one that failed raised, after all others have stopped.
    """
    turns = _Turns()
    free: SimpleQueue[Lane] = SimpleQueue()
    connections = [session.connect() for _ in range(lanes)]
    for connection in connections:
        free.put(Lane(connection, turns))

    def one(number: int, item: Item) -> Result:
        lane = free.get()
        lane.number = number
        try:
            found = work(lane, item)
        finally:
            free.put(lane)
        turns.pass_on(number)
        return found

    try:
        with ThreadPoolExecutor(max_workers=lanes, thread_name_prefix="lane") as pool:
            futures = [pool.submit(one, number, item) for number, item in enumerate(items)]
            try:
                _watch(session, futures, within)
            except BaseException:
                turns.stop()
                stop(futures, connections)
                raise
    finally:
        for connection in connections:
            connection.close()
    return [future.result() for future in futures]


@contextmanager
def aside(session: Session, work: Callable[[Lane], Result]) -> Iterator[Future[Result]]:
    """Do one piece of work while the caller goes on with the session, and wait for it at the end.

    It is stopped if the caller fails, and the session stops the caller if it fails. Its result is in the future.
    """
    turns = _Turns()
    connection = session.connect()
    try:
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="aside") as pool:
            future = pool.submit(work, Lane(connection, turns))
            session.heed(future)
            try:
                yield future
                while not future.done():
                    session.stop_if_cancelled()
                    wait([future], timeout=POLL_S)
            except BaseException:
                turns.stop()
                stop([future], [connection])
                raise
    finally:
        connection.close()


def _watch(session: Session, futures: Sequence[Future[Result]], within: tuple[float, float]) -> None:
    """Until all are done: report, look whether to stop, and raise the first failure."""
    open_ones = set(futures)
    while open_ones:
        done, open_ones = wait(open_ones, timeout=POLL_S, return_when=FIRST_COMPLETED)
        for future in done:
            future.result()
        session.look_after(within, 1 - len(open_ones) / len(futures))


class _Turns:
    """Which item's turn it is, for threads that wait."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._passed: set[int] = set()
        self._next = 0
        self._is_stopped = False

    def wait_for(self, number: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopped or self._next == number)
        self.stop_if_stopped()

    def pass_on(self, number: int) -> None:
        with self._changed:
            if number < self._next:
                return
            self._passed.add(number)
            while self._next in self._passed:
                self._passed.remove(self._next)
                self._next += 1
            self._changed.notify_all()

    def stop_if_stopped(self) -> None:
        if self._is_stopped:
            raise Cancelled("Another part has failed.")

    def stop(self) -> None:
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()
