"""What was refused is listed in the order of the rows, whoever refused it, and only the rule's share costs a call."""

import csv
from dataclasses import replace

import pytest

from audiences.pipeline import judge, rejects
from audiences.pipeline.plan import CsvFormat, Source
from audiences.pipeline.prepare import prepare
from tests.audiences.pipeline.helpers import EMAIL, make_plan, sent, write_csv
from tests.support.reference import Column, expect

PHONE = (Column("phone", "phone"),)
# The engine is sure about the first two; the other two only the rule can tell.
REFUSED = {
    "nobody": "email_no_at",
    "a b@example.com": "email_space",
    "é@localhost": "email_bad_domain",
    "\u200bnull": "placeholder",
}


def prepared_from(tmp_path, values, columns=EMAIL):
    """Two files, so that rows of both have to be put in order."""
    name, half = columns[0].name, len(values) // 2
    rows = [{name: value} for value in values]
    sources = [write_csv(tmp_path / f"{n}.csv", [name], part) for n, part in enumerate((rows[:half], rows[half:]))]
    plan = make_plan(sources, columns)
    return prepare(plan, tmp_path / "work"), expect(rows, columns)


@pytest.mark.parametrize("most", [1, 7, 40, 100_000])
def test_list_is_the_first_refused_values_in_order(tmp_path, monkeypatch, most):
    monkeypatch.setattr(rejects, "MOST_LINES", most)
    monkeypatch.setattr(rejects, "_BLOCK", 10)
    values = [
        value
        for number in range(60)
        for value in (
            f"user{number}@example.com",
            f"x{number}{list(REFUSED)[number % 4]}" if number % 4 < 3 else "\u200bnull",
        )
    ]

    prepared, _ = prepared_from(tmp_path, values)

    lines = list(csv.reader(prepared.rejects.open(encoding="utf-8")))[1:]
    places = [(int(file), int(row)) for file, row, *_ in lines]
    wanted = [(1 + n // 60, 1 + n % 60) for n in range(1, 120, 2)]
    assert places == wanted[:most]
    assert [line[4] for line in lines] == [list(REFUSED.values())[n % 4] for n in range(60)][:most]
    assert prepared.counts.columns[0].invalid == dict.fromkeys(sorted(REFUSED.values()), 15)


def test_examples_are_different_and_those_that_come_first(tmp_path):
    values = ["nobody"] * 30 + [f"name{number}" for number in range(9)] + ["é@localhost"] * 2

    prepared, _ = prepared_from(tmp_path, values)

    found = [(one.reason, one.source, one.row) for one in prepared.examples]
    rows = [("email_bad_domain", 2, 20), ("email_no_at", 1, 1), *(("email_no_at", 2, row) for row in range(11, 15))]
    assert found == rows


def test_what_is_certain_never_reaches_the_rule(tmp_path, monkeypatch):
    """Tabs at the ends, forgotten country codes and extensions come by the million."""
    seen = []
    monkeypatch.setattr(judge, "judge_value", lambda kind, raw, *_: seen.append(raw))
    numbers = [f"+1415555{n:04d}\t" for n in range(2000, 2100)] + [f"+1 415 555 {n} ext. 12" for n in range(3000, 3100)]
    numbers += [f"(415) 555-{n}" for n in range(4000, 4100)] + [f"555{n}" for n in range(1000, 1100)]

    prepared, wanted = prepared_from(tmp_path, numbers, PHONE)

    assert seen == []
    assert set(sent(tmp_path / "work", prepared, "ADD")) == wanted.members
    assert len(wanted.members) == 200
    assert prepared.counts.columns[0].invalid == {"phone_no_country": 100, "phone_too_short": 100}


def test_rows_of_a_long_file_keep_their_numbers(tmp_path):
    """Several threads read and write such a file in pieces; the engine does not keep those in order by itself."""
    columns = (Column("email", "email"), Column("phone", "phone", "US"))
    step, rows = 5_000, 400_000
    file = tmp_path / "long.csv"
    with file.open("w") as out:
        out.write("email,phone,note\n")
        for n in range(1, rows + 1):
            email = "nobody" if n % step == 0 else f"user{n}@example.com"
            out.write(f"{email},+1415{2000000 + n},{'x' * 150}\n")
    source = Source(file, CsvFormat(("email", "phone", "note")))
    prepared = prepare(replace(make_plan([source], columns), threads=2), tmp_path / "work")
    with prepared.rejects.open(newline="") as listed:
        found = [int(row["row"]) for row in csv.DictReader(listed) if row["reason"] == "email_no_at"]
    assert found == list(range(step, rows + 1, step))


def test_rows_of_a_long_file_have_their_own_numbers_whoever_reads_it(tmp_path):
    wrong = set(range(500, 300_000, 977))
    rows = ({"email": f"nobody{n}" if n in wrong else f"p{n}@example.com", "note": "x" * 180} for n in range(300_000))
    source = write_csv(tmp_path / "long.csv", ["email", "note"], rows)
    plan = replace(make_plan([source]), threads=4)

    prepare(plan, tmp_path / "work")

    with (tmp_path / "work" / "rejects.csv").open(encoding="utf-8", newline="") as listed:
        assert [int(line["row"]) - 1 for line in csv.DictReader(listed)] == sorted(wrong)
