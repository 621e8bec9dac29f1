"""A filter as a sentence."""

from __future__ import annotations

import datetime

from audiences.filtering import days
from audiences.filtering.conditions import OPERATORS, Condition, Group, Operator, RowFilter

_MOST_NAMED = 5


def sentence(found: RowFilter | None) -> str:
    """For example: country is “DE” and age is at least 18; or (tier is “gold”).

    Of a run, days that are counted are named: joined is in the last 30 days (27 Oct 2026 to 26 Nov 2026).
    """
    if found is None:
        return "All rows"
    groups = [_group(group, found.today) for group in found.groups]
    if len(groups) == 1:
        return groups[0]
    return (" and " if found.match == "all" else " or ").join(f"({group})" for group in groups)


def _group(group: Group, today: datetime.date | None) -> str:
    return (" and " if group.match == "all" else " or ").join(_condition(one, today) for one in group.conditions)


def _condition(one: Condition, today: datetime.date | None) -> str:
    operator = OPERATORS[one.operator]
    if operator.takes == "none":
        return f"{one.column} {operator.label}"
    if operator.is_relative:
        return _counted(one, operator, today)
    if operator.kind != "text":
        return f"{one.column} {operator.label} {one.values[0]}"
    named = ", ".join(f"“{value}”" for value in one.values[:_MOST_NAMED])
    more = len(one.values) - _MOST_NAMED
    return f"{one.column} {operator.label} {named}{f' and {more} more' if more > 0 else ''}"


def _counted(one: Condition, operator: Operator, today: datetime.date | None) -> str:
    unit = operator.unit.replace("days", "day") if one.values[0] == "1" else operator.unit
    said = f"{one.column} {operator.label} {one.values[0]} {unit}"
    if today is None:
        return said
    first, last = days.span(one, today)
    return f"{said} ({day_named(first)} to {day_named(last)})" if first else f"{said} (up to {day_named(last)})"


def day_named(day: datetime.date | None) -> str:
    """For example: 26 Nov 2026."""
    return f"{day.day} {day:%b %Y}" if day else ""
