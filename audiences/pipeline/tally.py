"""What is counted of rows as soon as they are decided about."""

# SQL is put together from our own names.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audiences.pipeline.session import Row


@dataclass(frozen=True)
class Tally:
    """decided, left: by mapped column, values with a digest and values without one. finished: rows that need no rule.

    empty: rows that match and have nothing in any mapped column. marked: rows by mark of the filter, of which the first
    says that a row was left out. Of no rows at all, the tuples are empty.
    """

    decided: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    finished: int = 0
    empty: int = 0
    marked: tuple[int, ...] = ()

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            _sum(self.decided, other.decided),
            _sum(self.left, other.left),
            self.finished + other.finished,
            self.empty + other.empty,
            _sum(self.marked, other.marked),
        )


def query(rows: str, columns: int, finished: str, marks: Sequence[str]) -> str:
    """SQL for a line that of() takes. rows: a query for decided rows. finished: SQL for whether one is."""
    names = [f"{letter}{index}" for letter in "ar" for index in range(columns)]
    empty = " AND ".join([*(f"{name} IS NULL" for name in names), *(f"NOT {mark}" for mark in marks[:1])])
    counts = [f"count({name})" for name in names]
    counts += [f"count(*) FILTER ({test})" for test in (finished, empty, *marks)]
    return f"SELECT {', '.join(counts)} FROM ({rows})"


def of(line: Row, columns: int) -> Tally:
    """The tally that the query made."""
    numbers = tuple(int(number) for number in line)
    finished, empty, *marked = numbers[2 * columns :]
    return Tally(numbers[:columns], numbers[columns : 2 * columns], finished, empty, tuple(marked))


def _sum(some: Sequence[int], others: Sequence[int]) -> tuple[int, ...]:
    return tuple(one + other for one, other in zip(some, others, strict=True)) if some and others else (*some, *others)
