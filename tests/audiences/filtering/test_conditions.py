"""Filters as plain data: what people write becomes one plain form, and what makes no sense is refused in words."""

import datetime
import json

import pytest

from audiences.filtering.conditions import Condition, FilterError, Group, RowFilter, check, checked


def one(column, operator, *values):
    return RowFilter((Group((Condition(column, operator, values),)),))


def test_filter_comes_back_from_its_json():
    groups = (Group((Condition("country", "is", ("DE",)),), "any"), Group((Condition("age", "filled"),)))
    found = RowFilter(groups, "all", is_day_first=True)

    assert RowFilter.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert RowFilter.from_json({}) is None


@pytest.mark.parametrize(
    ("operator", "written", "plain"),
    [
        ("above", "1,234.5", "1234.5"),
        ("above", "1.234,5", "1234.5"),
        ("at_most", "$ 20", "20"),
        ("before", "31.12.2025", "2025-12-31"),
        ("after", "04/05/2025", "2025-05-04"),
        ("is", "  DE ", "DE"),
        ("last_days", " 030 ", "30"),
        ("days_ago", "1,000 days", "1000"),
        ("next_days", "1 day", "1"),
        ("days_ago", "30 days ago", "30"),
    ],
)
def test_values_are_kept_in_one_plain_form(operator, written, plain):
    assert checked(Condition("c", operator, (written,)), is_day_first=True).values == (plain,)


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        (Condition("c", "is"), "value_missing"),
        (Condition("c", "is", (" ",)), "value_missing"),
        (Condition("c", "is", ("a", "b")), "value_one"),
        (Condition("c", "resembles", ("a",)), "operator"),
        (Condition("c", "above", ("many",)), "not_a_number"),
        (Condition("c", "before", ("2025-02-30",)), "not_a_date"),
        (Condition("c", "last_days", ("2025-01-01",)), "not_days"),
        (Condition("c", "last_days", ("-1",)), "not_days"),
        (Condition("c", "last_days", ("1.5",)), "not_days"),
        (Condition("c", "days_ago", ("36501",)), "not_days"),
        (Condition("c", "next_days", ("two",)), "not_days"),
        (Condition("c", "next_days", ("30 days ago",)), "not_days"),
        (Condition("c", "last_days", ("30 days ago",)), "not_days"),
        (Condition("c", "next_days", ("1", "2")), "value_one"),
        (Condition("c", "is", ("x" * 301,)), "value_long"),
        (Condition("c", "is", ("a\0b",)), "value_long"),
        (Condition("c", "one_of", tuple(str(n) for n in range(201))), "values_many"),
        (Condition("c", "is_not", ("jane@example.com",)), "personal"),
        (Condition("c", "starts", ("jane@example.com",)), "personal"),
    ],
)
def test_conditions_without_sense_are_refused_in_words(condition, code):
    with pytest.raises(FilterError) as caught:
        checked(condition)

    assert caught.value.code == code
    assert "jane" not in caught.value.sentence


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (RowFilter(()), "no_conditions"),
        (one("town", "filled"), "no_column"),
        (RowFilter((Group((Condition("a", "filled"),) * 21),)), "too_many"),
        (RowFilter((Group((Condition("a", "filled"),), "some"),)), "match"),  # type: ignore[arg-type]
    ],
)
def test_filters_without_sense_are_refused(found, code):
    with pytest.raises(FilterError) as caught:
        check(found, ["a", "b"])

    assert caught.value.code == code


def test_day_to_count_from_goes_with_conditions_that_count_and_is_never_kept():
    counts, plain = one("joined", "last_days", "30"), one("joined", "after", "2025-01-01")
    day = datetime.date(2026, 11, 26)

    assert RowFilter.from_json(json.loads(json.dumps(counts.on(day).to_json()))) == counts.on(day)
    assert counts.on(day).to_json()["today"] == "2026-11-26"
    assert "today" not in counts.to_json()
    assert plain.on(day) == plain
    assert check(counts.on(day), ["joined"]).today is None


def test_checking_forgets_groups_without_conditions():
    found = RowFilter((Group(()), Group((Condition("a", "filled"),))))

    assert len(check(found, ["a"]).groups) == 1
