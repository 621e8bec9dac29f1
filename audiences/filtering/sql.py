"""A filter as SQL of the data engine. Operators come from a table; what people enter is quoted."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping

from audiences.filtering import days, values
from audiences.filtering.conditions import OPERATORS, Condition, Group, RowFilter
from pinconnect.identifiers import texts
from pinconnect.identifiers.columnar import quote

Names = Mapping[str, str]


def literal(text: str) -> str:
    """A string literal; the parser of SQL would end at a NUL."""
    return "(" + " || chr(0) || ".join(quote(part) for part in text.split("\0")) + ")" if "\0" in text else quote(text)


_TRIM = literal(texts.TRIM)
# Trimming all of that is slow, and hardly any value needs it: printable ASCII without a space at its ends does not.
_TRIMMED = quote("(?:[!-~](?:[ -~]*[!-~])?)?")


def trimmed(name: str) -> str:
    """SQL for the value of a column without white space and invisible characters around it; '' where it is missing."""
    rest = f"trim(COALESCE({name}, ''), {_TRIM})"
    return f"CASE WHEN regexp_full_match({name}, {_TRIMMED}) THEN {name} ELSE {rest} END"


def folded(text: str) -> str:
    """SQL for a text in the form in which texts are compared: composed and in lower case."""
    return f"lower(nfc_normalize({text}))"


def as_number(name: str) -> str:
    """SQL for the number in a column as a DOUBLE, or NULL."""
    text = f"regexp_replace({trimmed(name)}, {quote(values.CURRENCY_IN_FRONT)}, '\\1')"
    text = f"regexp_replace({text}, {quote(values.CURRENCY_AT_END)}, '')"
    cases = []
    for pattern, grouping, decimals in values.NUMBERS:
        plain = f"translate({text}, {quote(grouping)}, '')" if grouping else text
        plain = plain if decimals == "." else f"replace({plain}, {quote(decimals)}, '.')"
        cases.append(f"WHEN regexp_full_match({text}, {quote(pattern)}) THEN TRY_CAST({plain} AS DOUBLE)")
    return f"CASE {' '.join(cases)} END"


def as_date(name: str, *, is_day_first: bool) -> str:
    """SQL for the day in a column as a DATE, or NULL."""
    text = trimmed(name)
    cases = [
        f"WHEN regexp_full_match({text}, {quote(pattern)}) "
        f"THEN TRY_CAST(regexp_replace({text}, {quote('^' + pattern + '$')}, {quote(order)}) AS DATE)"
        for pattern, order in values.dates(is_day_first=is_day_first)
    ]
    return f"CASE {' '.join(cases)} END"


_TEXT: dict[str, Callable[[str, list[str]], str]] = {
    "is": lambda text, found: f"{text} = {found[0]}",
    "is_not": lambda text, found: f"{text} <> {found[0]}",
    "one_of": lambda text, found: f"{text} IN ({', '.join(found)})",
    "none_of": lambda text, found: f"{text} NOT IN ({', '.join(found)})",
    "contains": lambda text, found: f"contains({text}, {found[0]})",
    "lacks": lambda text, found: f"NOT contains({text}, {found[0]})",
    "starts": lambda text, found: f"starts_with({text}, {found[0]})",
}
_ORDER = {"above": ">", "at_least": ">=", "below": "<", "at_most": "<=", "before": "<", "after": ">"}


def compared(condition: Condition, names: Names, *, is_day_first: bool) -> str:
    """SQL for what a condition looks at: a text, a number or a date; NULL where the column holds none of that kind."""
    name, kind = names[condition.column], OPERATORS[condition.operator].kind
    if kind == "number":
        return as_number(name)
    if kind == "date":
        return as_date(name, is_day_first=is_day_first)
    return trimmed(name) if kind == "presence" else folded(trimmed(name))


def test(condition: Condition, names: Names, *, is_day_first: bool, today: datetime.date | None) -> str:
    """SQL that is true where the condition is met, else false or NULL. names: SQL names by column."""
    operator = OPERATORS[condition.operator]
    left = compared(condition, names, is_day_first=is_day_first)
    if operator.kind == "presence":
        return f"{left} = ''" if operator.code == "empty" else f"{left} <> ''"
    if operator.kind == "text":
        return _TEXT[operator.code](left, [folded(f"trim({literal(value)}, {_TRIM})") for value in condition.values])
    if operator.is_relative:
        first, last = days.span(condition, today)
        return f"{left} <= {_day(last)}" if first is None else f"{left} BETWEEN {_day(first)} AND {_day(last)}"
    type_name = "DOUBLE" if operator.kind == "number" else "DATE"
    return f"{left} {_ORDER[operator.code]} CAST({literal(condition.values[0])} AS {type_name})"


def keeps(found: RowFilter, names: Names) -> str:
    """SQL that is true for the rows that match, false for all others, never NULL."""
    return _joined(found.match, [_group(group, names, found) for group in found.groups])


def _day(day: datetime.date | None) -> str:
    return f"DATE '{day}'"


def _group(group: Group, names: Names, found: RowFilter) -> str:
    tests = [test(one, names, is_day_first=found.is_day_first, today=found.today) for one in group.conditions]
    return _joined(group.match, [f"COALESCE({one}, false)" for one in tests])


def _joined(match: str, parts: list[str]) -> str:
    return "(" + (" AND " if match == "all" else " OR ").join(parts) + ")"


def compares(condition: Condition) -> bool:
    """Whether a value can be of the wrong kind for the condition: a number or a date is asked for."""
    return OPERATORS[condition.operator].kind in ("number", "date")
