"""Conditions on rows as plain data: what may be said, how it is kept as JSON, and what is refused."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from audiences.filtering import personal, values

Match = Literal["all", "any"]
MATCHES: tuple[Match, ...] = ("all", "any")

MOST_CONDITIONS = 20
MOST_GROUPS = 5
MOST_VALUES = 200
LONGEST_VALUE = 300


@dataclass(frozen=True)
class Operator:
    """kind: of the comparison (text, number, date, presence). takes: how many values it needs: none, one or several.

    unit: what is said after the value, for those that count days from the day of the run.
    """

    code: str
    label: str
    kind: Literal["text", "number", "date", "presence"]
    takes: Literal["none", "one", "several"]
    unit: str = ""

    @property
    def is_relative(self) -> bool:
        """Whether it means other dates every day."""
        return bool(self.unit)

    @property
    def choice(self) -> str:
        """The words among which one chooses."""
        return f"{self.label} … {self.unit}" if self.unit else self.label


OPERATORS: dict[str, Operator] = {
    found.code: found
    for found in (
        Operator("is", "is", "text", "one"),
        Operator("is_not", "is not", "text", "one"),
        Operator("one_of", "is one of", "text", "several"),
        Operator("none_of", "is none of", "text", "several"),
        Operator("contains", "contains", "text", "one"),
        Operator("lacks", "does not contain", "text", "one"),
        Operator("starts", "starts with", "text", "one"),
        Operator("empty", "is empty", "presence", "none"),
        Operator("filled", "is not empty", "presence", "none"),
        Operator("above", "is greater than", "number", "one"),
        Operator("at_least", "is at least", "number", "one"),
        Operator("below", "is less than", "number", "one"),
        Operator("at_most", "is at most", "number", "one"),
        Operator("before", "is before", "date", "one"),
        Operator("after", "is after", "date", "one"),
        Operator("last_days", "is in the last", "date", "one", "days"),
        Operator("days_ago", "is more than", "date", "one", "days ago"),
        Operator("next_days", "is in the next", "date", "one", "days"),
    )
}


# They compare with all of a value, and not with a part of it.
_WHOLE = frozenset({"is", "is_not", "one_of", "none_of"})


class FilterError(ValueError):
    """A filter that cannot be used. code: for programs; args[0]: a sentence for people, without any value of a row."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


@dataclass(frozen=True)
class Condition:
    """values: as entered for text, 1234.5 for numbers, 2025-12-31 for dates, 30 for days; none for is (not) empty."""

    column: str
    operator: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """Conditions of which all or any have to be met."""

    conditions: tuple[Condition, ...]
    match: Match = "all"


@dataclass(frozen=True)
class RowFilter:
    """Groups of which all or any have to be met. is_day_first: 04/05/2025 is 4 May, else April 5.

    today: the day from which days are counted; it is set when a run starts, and None in what a delivery keeps.
    """

    groups: tuple[Group, ...]
    match: Match = "any"
    is_day_first: bool = False
    today: datetime.date | None = None

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """All of them, in the order in which they are written."""
        return tuple(condition for group in self.groups for condition in group.conditions)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are looked at, each once."""
        return tuple(dict.fromkeys(condition.column for condition in self.conditions))

    @property
    def is_relative(self) -> bool:
        """Whether it takes other rows as days go by."""
        return any(OPERATORS[one.operator].is_relative for one in self.conditions if one.operator in OPERATORS)

    def on(self, day: datetime.date) -> RowFilter:
        """The same with the day from which it counts, if it counts days at all."""
        return replace(self, today=day) if self.is_relative else self

    def to_json(self) -> dict[str, Any]:
        """Plain data for a JSON field."""
        return {
            "match": self.match,
            "is_day_first": self.is_day_first,
            # Left away where there is none, as in what was kept before there were conditions that count days.
            **({"today": self.today.isoformat()} if self.today else {}),
            "groups": [
                {
                    "match": group.match,
                    "conditions": [
                        {"column": one.column, "operator": one.operator, "values": list(one.values)}
                        for one in group.conditions
                    ],
                }
                for group in self.groups
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> RowFilter | None:
        """The reverse of to_json; None, for all rows, of nothing."""
        if not data:
            return None
        groups = tuple(
            Group(
                tuple(Condition(one["column"], one["operator"], tuple(one["values"])) for one in group["conditions"]),
                group["match"],
            )
            for group in data["groups"]
        )
        today = data.get("today")
        return cls(groups, data["match"], data["is_day_first"], datetime.date.fromisoformat(today) if today else None)


def checked(condition: Condition, *, is_day_first: bool = False) -> Condition:
    """The condition with its values in their plain form. Raises FilterError."""
    operator = OPERATORS.get(condition.operator)
    if operator is None:
        raise FilterError("operator", f"Choose how “{condition.column}” is compared.")
    if operator.takes == "none":
        return Condition(condition.column, condition.operator)
    found = tuple(dict.fromkeys(value.strip() for value in condition.values if value.strip()))
    if not found:
        raise FilterError("value_missing", f"Say what “{condition.column}” is compared with.")
    if operator.takes == "one" and len(found) > 1:
        raise FilterError("value_one", f"“{operator.choice}” takes one value.")
    if len(found) > MOST_VALUES:
        raise FilterError("values_many", f"At most {MOST_VALUES} values fit into one condition.")
    return Condition(condition.column, condition.operator, tuple(_plain(operator, v, is_day_first) for v in found))


def _plain(operator: Operator, value: str, is_day_first: bool) -> str:
    if len(value) > LONGEST_VALUE or "\0" in value:
        raise FilterError("value_long", f"A value has at most {LONGEST_VALUE} characters.")
    if operator.is_relative:
        days = values.days(value, is_ago=operator.code == "days_ago")
        if days is None:
            raise FilterError("not_days", f"Write a whole number of days from 0 to {values.MOST_DAYS:,}, like 30.")
        return days
    if operator.kind == "number":
        number = values.number(value)
        if number is None:
            raise FilterError("not_a_number", "That is not a number. Write it like 1234.5.")
        return number
    if operator.kind == "date":
        date = values.date(value, is_day_first=is_day_first)
        if date is None:
            raise FilterError("not_a_date", "That is not a date. Write it like 2025-12-31.")
        return date
    named = personal.named(value)
    if named:
        raise FilterError(
            "personal",
            f"Conditions are kept in clear, so they may not name a person, and this looks like {named}. To take a "
            "person off every list, use Erase. If it is something else, compare with a part of it.",
        )
    return value


def check_mapped(found: RowFilter | None, mapped: Iterable[personal.Mapped]) -> None:
    """Raises FilterError for a condition that names an identifier of a column which is sent as such."""
    by_name = {one.column: one for one in mapped}
    for condition in found.conditions if found else ():
        column, operator = by_name.get(condition.column), OPERATORS[condition.operator]
        if column is None or operator.is_relative or operator.kind == "date":
            continue
        is_whole = condition.operator in _WHOLE
        if any(personal.is_identifier(value, column, is_whole=is_whole) for value in condition.values):
            raise FilterError(
                "personal",
                f"The column “{condition.column}” is sent to Pinterest, and conditions are kept in clear, so they may "
                "not name one of its values. Compare with a part that many have, such as the end of an address. To "
                "take a person off every list, use Erase.",
            )


def check(found: RowFilter, known: Sequence[str]) -> RowFilter:
    """The filter in its plain form, over these columns. Raises FilterError."""
    if not found.conditions:
        raise FilterError("no_conditions", "Add at least one condition, or choose all rows.")
    if len(found.conditions) > MOST_CONDITIONS or len(found.groups) > MOST_GROUPS:
        raise FilterError(
            "too_many", f"A filter has at most {MOST_CONDITIONS} conditions in at most {MOST_GROUPS} groups."
        )
    for column in found.columns:
        if column not in known:
            listed = ", ".join(known) or "none"
            raise FilterError("no_column", f"The dataset has no column “{column}”. Its columns are: {listed}.")
    if found.match not in MATCHES or any(group.match not in MATCHES for group in found.groups):
        raise FilterError("match", "Conditions are combined by all or any.")
    groups = tuple(
        Group(tuple(checked(one, is_day_first=found.is_day_first) for one in group.conditions), group.match)
        for group in found.groups
        if group.conditions
    )
    return RowFilter(groups, found.match, found.is_day_first)
