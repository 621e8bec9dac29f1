"""The form in which a filter is written: works by submit buttons alone; what is typed survives every one of them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms

from audiences.filtering import days, sampling
from audiences.filtering.conditions import (
    MOST_CONDITIONS,
    MOST_GROUPS,
    OPERATORS,
    Condition,
    FilterError,
    Group,
    RowFilter,
    check,
    check_mapped,
    checked,
)
from audiences.models import Delivery
from pinconnect.web.stamps import stamp_of

_MATCHES = (("all", "all of these"), ("any", "any of these"))
_GROUP_MATCHES = (("any", "any of the groups"), ("all", "all of the groups"))
_DAY_FIRST = (("month", "month first: 04/05/2025 is April 5"), ("day", "day first: 04/05/2025 is 4 May"))
_LONGEST = 100_000


class ConditionForm(forms.Form):
    """One condition. values: one a line."""

    column = forms.ChoiceField(label="Column")
    operator = forms.ChoiceField(label="Comparison", choices=[(one.code, one.choice) for one in OPERATORS.values()])
    values = forms.CharField(
        label="Value", required=False, max_length=_LONGEST, strip=False, widget=forms.Textarea(attrs={"rows": 1})
    )

    def __init__(self, data: Any, *, prefix: str, columns: list[str], condition: Condition | None = None) -> None:
        initial = None
        if condition:
            text = "\n".join(condition.values)
            initial = {"column": condition.column, "operator": condition.operator, "values": text}
        super().__init__(data, prefix=prefix, initial=initial, label_suffix="")
        # A column that is gone stays visible, so that it can be seen and changed.
        gone = [condition.column] if condition and condition.column not in columns else []
        self.fields["column"].choices = [(name, name) for name in [*columns, *gone]]  # type: ignore[attr-defined]

    def condition(self) -> Condition:
        """As typed, nothing checked."""
        lines = str(self["values"].value() or "").splitlines()
        return Condition(str(self["column"].value()), str(self["operator"].value()), tuple(lines))

    def check(self, *, is_day_first: bool) -> Condition | None:
        """The condition in its plain form, or an error at its field."""
        if not self.is_valid():
            return None
        try:
            return checked(self.condition(), is_day_first=is_day_first)
        except FilterError as error:
            self.add_error("operator" if error.code == "operator" else "values", error.sentence)
            return None


class MatchForm(forms.Form):
    """How conditions of a group, or the groups, are combined."""

    match = forms.ChoiceField(label="Rows match when they meet")

    def __init__(self, data: Any, *, prefix: str, choices: tuple[tuple[str, str], ...], match: str) -> None:
        super().__init__(data, prefix=prefix, initial={"match": match}, label_suffix="")
        self.fields["match"].choices = choices  # type: ignore[attr-defined]


class DatesForm(forms.Form):
    order = forms.ChoiceField(label="Dates with slashes have the", choices=_DAY_FIRST)


@dataclass
class GroupForm:
    """number: its place; focus: the place of the condition that was just added."""

    number: int
    match: MatchForm
    conditions: list[ConditionForm] = field(default_factory=list)
    focus: int = -1


class Editor:
    """The whole form of a delivery's filter. No condition at all means all rows."""

    def __init__(self, delivery: Delivery, data: Mapping[str, Any] | None) -> None:
        self.delivery, self.data = delivery, data
        self.columns = list(delivery.dataset.columns.values_list("name", flat=True))
        self.problem = ""
        self.preview: sampling.Preview | None = None
        self.zone = delivery.workspace.time_zone
        self.counted_from: datetime.date | None = None
        self._stored = RowFilter.from_json(delivery.row_filter)
        self.stamp = stamp(delivery)
        self.seen = str(data.get("seen", "")) if data else self.stamp
        action, _, place = str(data.get("do", "save") if data else "").partition(":")
        self.action = action
        self._read(self._typed() if data else self._stored, bound=bool(data) and action in ("save", "preview"))
        if data and action not in ("save", "preview"):
            self._change(action, place)
        if action == "preview":
            self._look()

    @property
    def wants_save(self) -> bool:
        return self.action == "save"

    @property
    def is_empty(self) -> bool:
        return not self.groups

    @property
    def may_add(self) -> bool:
        return sum(len(group.conditions) for group in self.groups) < MOST_CONDITIONS

    @property
    def may_add_group(self) -> bool:
        return self.may_add and 0 < len(self.groups) < MOST_GROUPS

    def result(self) -> RowFilter | None:
        """The filter; None for all rows. Raises FilterError; errors of single conditions stand at their fields."""
        if not self.groups:
            return None
        is_day_first = self.dates["order"].value() == "day"
        groups, is_right = [], True
        for group in self.groups:
            found = [form.check(is_day_first=is_day_first) for form in group.conditions]
            is_right = is_right and all(found)
            groups.append(Group(tuple(one for one in found if one), group.match["match"].value() or "all"))
        if not is_right:
            raise FilterError("conditions", "Put the marked conditions right.")
        wanted = check(RowFilter(tuple(groups), self.match["match"].value() or "any", is_day_first), self.columns)
        check_mapped(wanted, self.delivery.columns.all())
        return wanted

    def is_valid(self) -> bool:
        try:
            self.result()
        except FilterError as error:
            self.problem = error.sentence
            return False
        return True

    def _look(self) -> None:
        try:
            found = self.result()
            if found is not None:
                found = found.on(days.today(self.zone))
                self.preview, self.counted_from = sampling.preview(self.delivery.dataset, found), found.today
        except FilterError as error:
            self.problem = error.sentence
        except sampling.NoLookError as error:
            self.problem = str(error)

    def _typed(self) -> RowFilter:
        """What the form holds, nothing checked; never more than a filter may have."""
        groups, left = [], MOST_CONDITIONS
        for number in range(_count(self.data, "groups", MOST_GROUPS)):
            size = min(_count(self.data, f"g{number}-size", MOST_CONDITIONS), left)
            left -= size
            found = [
                ConditionForm(self.data, prefix=f"g{number}-c{place}", columns=self.columns).condition()
                for place in range(size)
            ]
            match = self.data.get(f"g{number}-match", "all") if self.data else "all"
            groups.append(Group(tuple(found), "any" if match == "any" else "all"))
        match = self.data.get("top-match", "any") if self.data else "any"
        day = self.data.get("dates-order") == "day" if self.data else False
        return RowFilter(tuple(groups), "all" if match == "all" else "any", day)

    def _read(self, found: RowFilter | None, *, bound: bool) -> None:
        """Make the forms; bound ones show errors."""
        data = self.data if bound else None
        found = found or RowFilter(())
        order = {"order": "day" if found.is_day_first else "month"}
        self.match = MatchForm(data, prefix="top", choices=_GROUP_MATCHES, match=found.match)
        self.dates = DatesForm(data, prefix="dates", initial=order, label_suffix="")
        self.groups = [
            GroupForm(
                number,
                MatchForm(data, prefix=f"g{number}", choices=_MATCHES, match=group.match),
                [
                    ConditionForm(data, prefix=f"g{number}-c{place}", columns=self.columns, condition=one)
                    for place, one in enumerate(group.conditions)
                ],
            )
            for number, group in enumerate(group for group in found.groups if group.conditions)
        ]

    def _change(self, action: str, place: str) -> None:
        """Add or take away, keep what is typed. place: of a group, or group-condition."""
        found = self._typed()
        groups = [(group.match, list(group.conditions)) for group in found.groups]
        numbers = [int(part) for part in place.split("-") if part.isdecimal() and len(part) < 5]
        fresh = Condition(self.columns[0] if self.columns else "", "is")
        focus = None
        if action == "add" and numbers and numbers[0] < len(groups) and self.may_add:
            groups[numbers[0]][1].append(fresh)
            focus = (numbers[0], len(groups[numbers[0]][1]) - 1)
        elif action in ("add", "group") and len(groups) < MOST_GROUPS and self.may_add:
            groups.append(("all", [fresh]))
            focus = (len(groups) - 1, 0)
        elif action == "remove" and len(numbers) == 2 and numbers[0] < len(groups):
            del groups[numbers[0]][1][numbers[1] : numbers[1] + 1]
        kept = tuple(Group(tuple(conditions), match) for match, conditions in groups)
        self._read(RowFilter(kept, found.match, found.is_day_first), bound=False)
        if focus:
            # Groups without conditions are left out of what was read.
            shown = sum(bool(conditions) for _, conditions in groups[: focus[0]])
            self.groups[shown].focus = focus[1]


def stamp(delivery: Delivery) -> str:
    """Changes when the stored filter does."""
    return stamp_of(delivery.row_filter)


def _count(data: Mapping[str, Any] | None, name: str, most: int) -> int:
    text = str(data.get(name, "")) if data else ""
    return min(int(text), most) if text.isdecimal() and len(text) < 5 else 0
