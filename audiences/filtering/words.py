"""A filter as a sentence."""

from __future__ import annotations

from audiences.filtering.conditions import OPERATORS, Condition, Group, RowFilter

_MOST_NAMED = 5


def sentence(found: RowFilter | None) -> str:
    """For example: country is “DE” and age is at least 18; or (tier is “gold”)."""
    if found is None:
        return "All rows"
    groups = [_group(group) for group in found.groups]
    if len(groups) == 1:
        return groups[0]
    return (" and " if found.match == "all" else " or ").join(f"({group})" for group in groups)


def _group(group: Group) -> str:
    return (" and " if group.match == "all" else " or ").join(_condition(one) for one in group.conditions)


def _condition(one: Condition) -> str:
    operator = OPERATORS[one.operator]
    if operator.takes == "none":
        return f"{one.column} {operator.label}"
    if operator.kind != "text":
        return f"{one.column} {operator.label} {one.values[0]}"
    named = ", ".join(f"“{value}”" for value in one.values[:_MOST_NAMED])
    more = len(one.values) - _MOST_NAMED
    return f"{one.column} {operator.label} {named}{f' and {more} more' if more > 0 else ''}"
