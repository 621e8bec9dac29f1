"""The delivery's filter while a source is read: rows that do not match keep their place, emptied, and count."""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audiences.filtering import sql
from audiences.filtering.conditions import OPERATORS, Condition
from audiences.pipeline.plan import Incomparable, Plan
from audiences.pipeline.session import Session


@dataclass(frozen=True)
class LeftOut:
    """Rows of a source that do not match, empty lines among them; incomparable: rows for each x<j>."""

    rows: int = 0
    blank: int = 0
    incomparable: tuple[int, ...] = ()


NOTHING = LeftOut()


@dataclass(frozen=True)
class Reading:
    """SQL: the rows with what the filter says of each; a mapped value ({} is its column); more columns to carry on."""

    rows: str
    value: str = "{}"
    marks: tuple[str, ...] = ()


def reading(plan: Plan, rows: str, positions: Sequence[int]) -> Reading:
    """rows: a query for c0, c1 …; positions: of plan.read_columns among them."""
    if plan.row_filter is None:
        return Reading(rows)
    names = {name: f"c{position}" for name, position in zip(plan.read_columns, positions, strict=True)}
    said = [f"NOT {sql.keeps(plan.row_filter, names)} AS left_out"]
    for index, one in enumerate(_comparing(plan)):
        value = sql.compared(one, names, is_day_first=plan.row_filter.is_day_first)
        said.append(f"({value}) IS NULL AS x{index}")
    return Reading(f"(SELECT *, {', '.join(said)} FROM {rows})", "CASE WHEN NOT left_out THEN {} END", marks(plan))


def marks(plan: Plan) -> tuple[str, ...]:
    """The columns that say what the filter made of a row."""
    return ("left_out", *(f"x{index}" for index in range(len(_comparing(plan))))) if plan.row_filter else ()


def count(plan: Plan, marked: Sequence[int], blank: int, session: Session) -> LeftOut:
    """What the filter left out of a source. marked: its rows by mark.

    blank: empty lines that are rows and were not written, so the filter is asked once for all of them.
    """
    if plan.row_filter is None:
        return NOTHING
    rows, *incomparable = marked or [0] * len(marks(plan))
    names = dict.fromkeys(plan.row_filter.columns, "''")
    if blank and session.value(f"SELECT {sql.keeps(plan.row_filter, names)}::INTEGER"):
        return LeftOut(rows, 0, tuple(found + blank for found in incomparable))
    return LeftOut(rows + blank, blank, tuple(found + blank for found in incomparable))


def incomparable(plan: Plan, found: Sequence[LeftOut]) -> tuple[Incomparable, ...]:
    """The conditions that met values they cannot be asked of, over all sources."""
    sums = [sum(rows) for rows in zip(*(one.incomparable for one in found), strict=True)]
    conditions = _comparing(plan)
    return tuple(
        Incomparable(one.column, OPERATORS[one.operator].kind, rows)
        for one, rows in zip(conditions, sums or [0] * len(conditions), strict=True)
        if rows
    )


def _comparing(plan: Plan) -> list[Condition]:
    """The conditions that need a number or a date, in order."""
    return [one for one in plan.row_filter.conditions if sql.compares(one)] if plan.row_filter else []
