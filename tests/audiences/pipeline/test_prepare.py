"""Preparing: deterministic, cancellable, honest about room and memory, and never leaving raw values behind."""

import csv
import dataclasses
import errno
import json
import threading
from hashlib import sha256

import duckdb
import pytest

from audiences import ledger
from audiences.pipeline import repair, session
from audiences.pipeline.plan import Cancelled, Counts, DiskFull, MemoryShort, PipelineError, RowCounts
from audiences.pipeline.prepare import Unaccounted, check, prepare
from tests.audiences.pipeline.helpers import make_ledger, make_plan, members, sent, write_csv, write_text
from tests.support.reference import Column, expect

PEOPLE = (Column("email", "email"), Column("phone", "phone", default_country="US"), Column("gaid", "gaid"))


def people(count, start=0):
    """Clean rows of three kinds."""
    return [
        {
            "email": f"user{n}@example.com",
            "phone": f"+1415555{n % 10000:04d}",
            "gaid": f"{n:08x}-1111-4111-8111-111111111111",
        }
        for n in range(start, start + count)
    ]


def people_file(tmp_path, rows, name="people.csv"):
    return write_csv(tmp_path / name, ["email", "phone", "gaid"], rows)


def all_bytes(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize("partitions", [1, 16])
def test_preparing_again_gives_the_same_bytes_whatever_the_threads(tmp_path, partitions, is_known):
    source = people_file(tmp_path, people(3000) + people(500) + [{"email": "x", "phone": "y", "gaid": "z"}] * 30)
    before = {("maid", sha256(f"gone{n}".encode()).hexdigest()) for n in range(200)} | {
        ("email", sha256(f"user{n}@example.com".encode()).hexdigest()) for n in range(2000)
    }
    plan = make_plan(
        [source], PEOPLE, partitions=partitions, ledger=make_ledger(tmp_path, before) if is_known else None
    )

    first = prepare(plan, tmp_path / "one")
    second = prepare(dataclasses.replace(plan, threads=2), tmp_path / "two")
    third = prepare(plan, tmp_path / "one")

    assert all_bytes(tmp_path / "one") == all_bytes(tmp_path / "two")
    assert first.counts == second.counts == third.counts
    assert first.batches == second.batches == third.batches
    assert first.counts.removals == (200 if is_known else 0)


def test_only_digests_and_masked_values_stay_behind(tmp_path):
    rows = [*people(50), {"email": "bad address@example.com", "phone": "call Maria 555", "gaid": "secret-device"}]

    prepare(make_plan([people_file(tmp_path, rows)], PEOPLE), tmp_path / "work")

    left = b"".join(all_bytes(tmp_path / "work").values())
    assert sorted(path.name for path in (tmp_path / "work").iterdir()) == [
        "adds",
        "index.json",
        "newcomers",
        "rejects.csv",
        "removes",
    ]
    assert not any(text in left for text in (b"example.com", b"Maria", b"4155550", b"secret-device"))


def test_second_run_with_the_same_data_sends_nothing(tmp_path):
    source = people_file(tmp_path, people(300))
    first = prepare(make_plan([source], PEOPLE), tmp_path / "work")
    ledger.advance(None, tmp_path / "work", first.batches, tmp_path / "ledger")

    again = prepare(make_plan([source], PEOPLE, ledger=tmp_path / "ledger"), tmp_path / "work")

    assert again.batches == ()
    assert again.counts.rows.already_there == 300
    assert again.counts.ledger == 900


def test_change_between_wires_keeps_the_ledger_right(tmp_path):
    source = people_file(tmp_path, people(100))
    first = prepare(make_plan([source], PEOPLE), tmp_path / "work")
    ledger.advance(None, tmp_path / "work", first.batches, tmp_path / "ledger")

    only_emails = make_plan([source], PEOPLE[:1], ledger=tmp_path / "ledger")
    prepared = prepare(only_emails, tmp_path / "work")

    assert prepared.counts.kinds["email"].already_there == 100
    assert prepared.counts.removals == 200


def test_counts_say_what_happened_to_each_value(tmp_path):
    rows = [
        {"email": " A@example.com ", "phone": "", "gaid": "00000000-0000-0000-0000-000000000000"},
        {"email": "a@example.com", "phone": "\u00a0", "gaid": ""},
        {"email": "nobody", "phone": "12", "gaid": "null"},
        {"email": "", "phone": "", "gaid": "\u200b"},
        {"email": "me at example", "phone": "(415) 555-2671", "gaid": ""},
    ]

    counts = prepare(make_plan([people_file(tmp_path, rows)], PEOPLE), tmp_path / "work").counts

    assert counts.rows == RowCounts(read=5, to_send=2, already_there=0, duplicate=1, invalid=2, held_back=0)
    assert counts.blank_rows == 1
    email, phone, maid = counts.columns
    assert (email.blank, email.usable, email.invalid) == (1, 2, {"email_no_at": 1, "email_space": 1})
    assert (phone.blank, phone.usable, phone.invalid) == (3, 1, {"phone_too_short": 1})
    assert (maid.blank, maid.usable, maid.invalid) == (3, 0, {"maid_zero": 1, "placeholder": 1})
    assert counts.kinds["email"].distinct == 1
    assert Counts.from_json(json.loads(json.dumps(counts.to_json()))) == counts


def test_rejects_are_masked_numbered_by_file_and_safe_in_a_spreadsheet(tmp_path):
    first = people_file(tmp_path, people(2), "1.csv")
    second = people_file(tmp_path, [{"email": "=cmd()@x", "phone": "+1 22", "gaid": ""}], "2.csv")

    prepared = prepare(make_plan([first, second], PEOPLE), tmp_path / "work")

    lines = list(csv.reader(prepared.rejects.open(encoding="utf-8")))
    assert lines[0] == ["file", "row", "column", "kind", "reason", "value"]
    assert lines[1:] == [
        ["2", "1", "email", "email", "email_bad_character", "'=•••@x•••"],
        ["2", "1", "phone", "phone", "phone_too_short", "'+•••"],
    ]
    assert [(example.source, example.row, example.reason) for example in prepared.examples] == [
        (2, 1, "email_bad_character"),
        (2, 1, "phone_too_short"),
    ]


def test_rejects_are_cut_and_counts_are_not(tmp_path, monkeypatch):
    monkeypatch.setattr("audiences.pipeline.rejects.MOST_LINES", 10)
    source = write_text(tmp_path / "a.csv", b"email,city\n" + b"nobody,x\n" * 50 + b"one\n")

    prepared = prepare(make_plan([source]), tmp_path / "work")

    assert len(prepared.rejects.read_text(encoding="utf-8").splitlines()) == 11
    assert prepared.counts.kinds["email"].invalid == {"email_no_at": 50}
    assert len(prepared.examples) == 1


def test_progress_rises_on_the_callers_thread_to_the_end(tmp_path):
    seen, threads = [], set()

    def note(progress):
        seen.append(progress)
        threads.add(threading.current_thread())

    prepare(make_plan([people_file(tmp_path, people(2000))], PEOPLE), tmp_path / "work", progress=note)

    fractions = [one.fraction for one in seen]
    assert threads == {threading.current_thread()}
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)
    assert list(dict.fromkeys(one.step for one in seen)) == ["reading", "checking", "comparing", "writing"]


@pytest.mark.parametrize("step", ["reading", "checking", "comparing", "writing"])
def test_cancelling_in_any_step_stops_and_leaves_a_usable_directory(tmp_path, step):
    plan = make_plan([people_file(tmp_path, people(500))], PEOPLE)
    now = []

    with pytest.raises(Cancelled):
        prepare(
            plan, tmp_path / "work", progress=lambda found: now.append(found.step), cancelled=lambda: step in now[-1:]
        )

    assert not (tmp_path / "work" / "tmp").exists()
    assert prepare(plan, tmp_path / "work").counts.rows.to_send == 500


def test_cancelling_interrupts_a_statement_that_runs(tmp_path):
    asked = iter([False, False, True])
    with session.Session(tmp_path / "spill", cancelled=lambda: next(asked, True)) as running, pytest.raises(Cancelled):
        running.run("SELECT count(*) FROM range(10000000000) a(i) WHERE hash(i) = 1")


def test_too_little_room_for_spilling_says_so_and_the_directory_can_be_used_again(tmp_path):
    with (
        session.Session(tmp_path / "spill", memory_limit_mb=40, threads=1, max_spill_mb=1) as running,
        pytest.raises(DiskFull),
    ):
        running.run("CREATE TABLE t AS SELECT sha256(i::VARCHAR) AS s FROM range(2000000) t(i)")

    assert not (tmp_path / "spill").exists()


def test_full_disk_while_repairing_says_so(tmp_path, monkeypatch):
    source = write_text(tmp_path / "a.csv", b'email,city\na@example.com,"x\ny"\n')

    class Full:
        def __init__(self, *args, **kwargs):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(repair.csv, "writer", Full)
    with pytest.raises(DiskFull):
        prepare(make_plan([source]), tmp_path / "work")
    monkeypatch.undo()

    assert prepare(make_plan([source]), tmp_path / "work").counts.rows.to_send == 1


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (duckdb.IOException("Could not write file: No space left on device"), DiskFull),
        (duckdb.OutOfMemoryException("failed to offload data block (max_temp_directory_size)"), DiskFull),
        (duckdb.OutOfMemoryException("could not allocate block of size 256.0 KiB"), MemoryShort),
        (duckdb.InterruptException("INTERRUPT Error"), Cancelled),
        (duckdb.InvalidInputException("CSV Error on Line: 3 Original Line: a@example.com"), session.BadCsv),
        (duckdb.BinderException("jane@example.com"), PipelineError),
    ],
)
def test_failures_of_the_data_engine_get_our_names_and_quote_nothing(error, expected):
    named = session.named(error)

    assert type(named) is expected
    assert "example.com" not in str(named)


def test_counts_that_do_not_add_up_stop_the_run():
    counts = Counts(rows=RowCounts(read=3, to_send=1, invalid=1), kinds={}, columns=())

    with pytest.raises(Unaccounted):
        check(counts)


def test_removing_only_removes_who_is_there(tmp_path):
    before = expect(people(10), PEOPLE).members
    plan = make_plan(
        [people_file(tmp_path, people(10, start=5))], PEOPLE, "remove", ledger=make_ledger(tmp_path, before)
    )

    prepared = prepare(plan, tmp_path / "work")

    assert set(sent(tmp_path / "work", prepared, "REMOVE")) == expect(people(5, start=5), PEOPLE).members
    assert vars(prepared.counts.rows) == expect(people(10, start=5), PEOPLE, "remove", before).counts


def test_unacknowledged_batches_are_new_again_next_time(tmp_path):
    plan = make_plan([people_file(tmp_path, people(40))], PEOPLE[:1])
    plan = dataclasses.replace(plan, limits=dataclasses.replace(plan.limits, records=10))
    first = prepare(plan, tmp_path / "work")
    ledger.advance(None, tmp_path / "work", first.batches[::2], tmp_path / "ledger")

    second = prepare(dataclasses.replace(plan, ledger=tmp_path / "ledger"), tmp_path / "work")

    assert second.counts.kinds["email"].new == 20
    assert members(tmp_path / "ledger") & set(sent(tmp_path / "work", second, "ADD")) == set()
