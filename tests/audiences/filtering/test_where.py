"""Conditions on the command line."""

import pytest

from audiences.filtering import where
from audiences.filtering.conditions import Condition, FilterError
from audiences.filtering.words import sentence

COLUMNS = ["country", "age", "last order", "last order is paid", "tier"]


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("country is DE", Condition("country", "is", ("DE",))),
        ("country is not DE", Condition("country", "is_not", ("DE",))),
        ("country is not empty", Condition("country", "filled")),
        ("country is empty", Condition("country", "empty")),
        ("country is empty handed", Condition("country", "is", ("empty handed",))),
        ("tier is one of gold; silver;gold", Condition("tier", "one_of", ("gold", "silver"))),
        ("age is at least 1,800", Condition("age", "at_least", ("1800",))),
        ("last order is after 31.12.2024", Condition("last order", "after", ("2024-12-31",))),
        ("last order is paid is yes", Condition("last order is paid", "is", ("yes",))),
        ("tier contains a is b", Condition("tier", "contains", ("a is b",))),
        ("last order is in the last 30 days", Condition("last order", "last_days", ("30",))),
        ("last order is in the next 1 day", Condition("last order", "next_days", ("1",))),
        ("last order is more than 1,000 days ago", Condition("last order", "days_ago", ("1000",))),
    ],
)
def test_conditions_are_read_as_they_are_said(text: str, condition: Condition) -> None:
    found = where.parse([text], COLUMNS)

    assert found is not None
    assert found.conditions == (condition,)


def test_several_have_to_be_met_together_and_can_be_said_again() -> None:
    found = where.parse(["country is DE", "age is less than 30"], COLUMNS)

    assert sentence(found) == "country is “DE” and age is less than 30"
    assert where.parse([], COLUMNS) is None


@pytest.mark.parametrize(
    "text", ["age is more than 30", "last order is in the last week", "last order is more than many days ago"]
)
def test_days_without_their_unit_are_no_text_by_mistake(text: str) -> None:
    with pytest.raises(FilterError) as caught:
        where.parse([text], COLUMNS)

    assert "30 days" in caught.value.sentence


@pytest.mark.parametrize("text", ["", "town is Ulm", "country", "country resembles DE", "age is at least old"])
def test_others_are_refused_with_what_is_possible(text: str) -> None:
    with pytest.raises(FilterError) as caught:
        where.parse([text], COLUMNS)

    assert "number" in caught.value.sentence or "country, age, last order" in caught.value.sentence
