"""Conditions on the command line: country is DE, age is at least 18, tier is one of gold; silver."""

from __future__ import annotations

from collections.abc import Sequence

from audiences.filtering import values
from audiences.filtering.conditions import OPERATORS, Condition, FilterError, Group, Operator, RowFilter, check

# "is not" before "is": the longest words that fit are meant.
_WORDS = sorted(((one.label, one) for one in OPERATORS.values()), key=lambda found: -len(found[0]))


def parse(texts: Sequence[str], columns: Sequence[str]) -> RowFilter | None:
    """All of the conditions have to be met; None without any. Raises FilterError with a sentence."""
    if not texts:
        return None
    return check(RowFilter((Group(tuple(_condition(text, columns) for text in texts)),)), columns)


def _condition(text: str, columns: Sequence[str]) -> Condition:
    """The column is one of the dataset, so its name may hold spaces and even words such as is."""
    for column in sorted(columns, key=len, reverse=True):
        if not text.startswith(f"{column} "):
            continue
        rest = text[len(column) :].strip()
        for label, operator in _WORDS:
            if rest == label or rest.startswith(f"{label} "):
                value = rest[len(label) :].strip()
                if operator.is_relative:
                    return Condition(column, operator.code, (_days(value, operator),))
                if operator.takes == "none" and value:
                    continue
                found = value.split(";") if operator.takes == "several" else [value]
                return Condition(column, operator.code, tuple(found))
    listed = ", ".join(one.choice for one in OPERATORS.values())
    raise FilterError(
        "where",
        f"Write a condition as COLUMN COMPARISON VALUE, for example “country is DE”. "
        f"Comparisons: {listed}. Columns: {', '.join(columns)}.",
    )


def _days(value: str, operator: Operator) -> str:
    """The number of days. The unit has to be there: "is more than 30" is a number that somebody compares with."""
    for unit in (operator.unit, operator.unit.replace("days", "day")):
        count = values.days(value.removesuffix(unit)) if value.endswith(unit) else None
        if count is not None:
            return count
    hint = " To compare numbers, write “is greater than 30”." if operator.code == "days_ago" else ""
    raise FilterError("where_days", f"Write the number of days as in “{operator.label} 30 {operator.unit}”.{hint}")
