"""Rows that the filter leaves out have a place of their own, however the file has to be read."""

import pytest

from audiences.doctor.examine import examine
from audiences.filtering.conditions import Condition, Group, RowFilter
from audiences.pipeline.plan import Incomparable, SourceBroken
from audiences.pipeline.prepare import prepare
from tests.audiences.pipeline.helpers import make_plan, sent, write_csv, write_text
from tests.support.reference import Column, digest_of


def only(column, operator, *values):
    return RowFilter((Group((Condition(column, operator, values),)),))


def rows_of(counts):
    return {name: count for name, count in vars(counts.rows).items() if count}


def test_rows_that_do_not_match_are_left_out_and_counted(tmp_path):
    data = b"email,city\na@x.com,Ulm\nb@x.com,ulm \nnonsense,Bonn\nc@x.com,Bonn\nnonsense,Ulm\n,Bonn\n,Ulm\n"
    plan = make_plan([write_text(tmp_path / "a.csv", data)], row_filter=only("city", "is", "ULM"))

    prepared = prepare(plan, tmp_path / "work")

    assert rows_of(prepared.counts) == {"read": 7, "to_send": 2, "invalid": 2, "left_out": 3}
    assert prepared.counts.blank_rows == 1
    assert [(example.row, example.reason) for example in prepared.examples] == [(5, "email_no_at")]
    assert set(sent(tmp_path / "work", prepared, "ADD")) == {
        ("email", digest_of("email", "a@x.com")),
        ("email", digest_of("email", "b@x.com")),
    }


def test_broken_rows_stay_invalid_whatever_the_filter_says(tmp_path):
    data = b"email,city\na@x.com,Ulm\nb@x.com\nc@x.com,Bonn\nnonsense,Ulm\n"
    plan = make_plan([write_text(tmp_path / "a.csv", data)], row_filter=only("city", "is", "Ulm"))

    prepared = prepare(plan, tmp_path / "work")

    assert rows_of(prepared.counts) == {"read": 4, "to_send": 1, "invalid": 2, "left_out": 1}
    assert [(one.row, one.reason) for one in prepared.examples] == [(4, "email_no_at")]


@pytest.mark.parametrize(
    ("operator", "wanted"),
    [("empty", {"read": 4, "invalid": 3, "left_out": 1}), ("filled", {"read": 4, "to_send": 1, "left_out": 3})],
)
def test_empty_lines_of_a_single_column_are_asked_too(tmp_path, operator, wanted):
    source = write_text(tmp_path / "a.csv", b'email\n\na@x.com\n\n""\n', names=("email",))
    plan = make_plan([source], row_filter=only("email", operator))

    counts = prepare(plan, tmp_path / "work").counts

    assert rows_of(counts) == wanted
    assert counts.blank_rows == wanted.get("invalid", 0)


@pytest.mark.parametrize(
    ("operator", "wanted"),
    [
        ("empty", {"read": 5, "invalid": 4, "left_out": 1}),
        ("filled", {"read": 5, "to_send": 1, "invalid": 1, "left_out": 3}),
    ],
)
def test_empty_lines_beside_a_broken_one_are_asked_too(tmp_path, operator, wanted):
    source = write_text(tmp_path / "a.csv", b'email\n\na@x.com\nb@x.com,more\n\n""\n', names=("email",))
    plan = make_plan([source], row_filter=only("email", operator))

    assert rows_of(prepare(plan, tmp_path / "work").counts) == wanted


def test_values_that_cannot_be_compared_do_not_match_and_are_counted(tmp_path):
    rows = [{"email": f"u{n}@x.com", "age": age} for n, age in enumerate(("17", "18", "old", "", "1,800"))]
    sources = [write_csv(tmp_path / f"{n}.csv", ["email", "age"], rows) for n in (1, 2)]
    plan = make_plan(sources, row_filter=only("age", "at_least", "18"))

    counts = prepare(plan, tmp_path / "work").counts

    assert (counts.rows.left_out, counts.rows.to_send, counts.rows.duplicate) == (6, 2, 2)
    assert counts.incomparable == (Incomparable("age", "number", 4),)
    assert type(counts).from_json(counts.to_json()) == counts


def test_column_of_the_filter_that_is_gone_stops_the_run_in_words(tmp_path):
    source = write_csv(tmp_path / "a.csv", ["email"], [{"email": "a@x.com"}])

    with pytest.raises(SourceBroken) as caught:
        prepare(make_plan([source], row_filter=only("city", "filled")), tmp_path / "work")

    assert (caught.value.reason, caught.value.detail) == ("column_missing", "city")


def test_filter_that_matches_nothing_leaves_everything_out(tmp_path):
    source = write_csv(tmp_path / "a.csv", ["email"], [{"email": "a@x.com"}])

    counts = prepare(make_plan([source], row_filter=only("email", "is", "b")), tmp_path / "work").counts

    assert rows_of(counts) == {"read": 1, "left_out": 1}


def test_same_filter_gives_the_same_bytes(tmp_path):
    rows = [{"email": f"u{n}@x.com", "age": str(n)} for n in range(50)]
    plan = make_plan([write_csv(tmp_path / "a.csv", ["email", "age"], rows)], row_filter=only("age", "below", "20"))

    found = []
    for name in ("one", "two"):
        prepare(plan, tmp_path / name)
        files = sorted((tmp_path / name).rglob("*"))
        found.append([file.read_bytes() for file in files if file.is_file()])

    assert found[0] == found[1]
    assert found[0]


def test_doctor_looks_only_at_the_rows_that_match(tmp_path):
    rows = [{"email": "info@x.com", "city": "Bonn"}, {"email": "hello@x.com", "city": "Ulm"}]
    plan = make_plan([write_csv(tmp_path / "a.csv", ["email", "city"], rows)], row_filter=only("city", "is", "Ulm"))

    (symptom,) = examine(plan, tmp_path / "doctor")

    assert (symptom["code"], symptom["count"]) == ("role_mailbox", 1)
    assert symptom["examples"][0]["row"] == 2


def test_mapped_column_may_be_the_one_that_is_asked(tmp_path):
    rows = [{"a": "u1@x.com", "b": ""}, {"a": "u2@x.com", "b": "u3@x.com"}]
    columns = (Column("a", "email"), Column("b", "email"))
    plan = make_plan([write_csv(tmp_path / "a.csv", ["a", "b"], rows)], columns, row_filter=only("b", "filled"))

    counts = prepare(plan, tmp_path / "work").counts

    assert (counts.rows.to_send, counts.rows.left_out) == (1, 1)
    assert [column.values for column in counts.columns] == [1, 1]
