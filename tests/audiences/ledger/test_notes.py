"""A large ledger notes who came and who left, and says the same as one that is written anew."""

import random
from types import SimpleNamespace

import pytest

from audiences import ledger
from audiences.ledger import writing
from audiences.pipeline.prepare import prepare
from tests.audiences.pipeline.helpers import make_plan, members, sent, write_csv
from tests.support.reference import Column, digest_of, expect

COLUMNS = (Column("email", "email"), Column("phone", "phone"))
MODES = ("mirror", "add", "mirror", "remove", "mirror", "add")


@pytest.fixture
def always_notes(monkeypatch):
    monkeypatch.setattr(writing, "LARGE", 0)
    monkeypatch.setattr(writing, "_MEMBERS_PER_NOTE", 0)


def rows(numbers):
    # Some share a telephone, so that a row may be new although one of its identifiers is not.
    return [{"email": f"user{n}@example.com", "phone": f"+1415555{n // 2:04d}" if n % 5 else ""} for n in numbers]


def prepared_run(folder, found, old, columns=COLUMNS, mode="mirror", partitions=1):
    folder.mkdir()
    source = write_csv(folder / "a.csv", ["email", "phone"], found)
    return prepare(make_plan([source], columns, mode, ledger=old, partitions=partitions), folder / "work")


def some_of(rng, batches):
    """All of them, or not all."""
    cut = [SimpleNamespace(operation=b.operation, first=b.first, count=rng.randint(1, b.count)) for b in batches]
    return rng.choice((batches, cut))


@pytest.mark.parametrize("columns", [COLUMNS, COLUMNS[:1]], ids=["rows", "identifiers"])
@pytest.mark.parametrize("partitions", [1, 16])
def test_run_after_run_the_notes_give_the_same_members(tmp_path, monkeypatch, columns, partitions):
    rng, noted, rewritten = random.Random(partitions), None, None
    for number, mode in enumerate(MODES):
        found = rows(rng.sample(range(60), 30))
        folder = tmp_path / str(number)
        prepared = prepared_run(folder, found, noted, columns, mode, partitions)
        wanted = expect(found, columns, mode, members(noted) if noted else frozenset())
        assert sorted(sent(folder / "work", prepared, "REMOVE")) == sorted(wanted.removes)
        assert vars(prepared.counts.rows) == wanted.counts
        acknowledged = some_of(rng, prepared.batches)

        monkeypatch.setattr(writing, "LARGE", 10**9)
        wide = ledger.advance(rewritten, folder / "work", acknowledged, folder / "rewritten")
        monkeypatch.setattr(writing, "LARGE", 0)
        monkeypatch.setattr(writing, "_MEMBERS_PER_NOTE", 0)
        narrow = ledger.advance(noted, folder / "work", acknowledged, folder / "noted")
        noted, rewritten = folder / "noted", folder / "rewritten"

        assert members(noted) == members(rewritten)
        assert narrow.members == wide.members
        assert ledger.stats(noted) == narrow
    assert list(noted.glob("delta-*"))
    assert not list(rewritten.glob("delta-*"))


def test_notes_are_worked_in_when_they_are_many(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "LARGE", 0)
    first = prepared_run(tmp_path / "1", rows(range(50)), None)
    ledger.advance(None, tmp_path / "1" / "work", first.batches, tmp_path / "one")
    few = prepared_run(tmp_path / "2", rows(range(2, 50)), tmp_path / "one")
    ledger.advance(tmp_path / "one", tmp_path / "2" / "work", few.batches, tmp_path / "two")
    many = prepared_run(tmp_path / "3", rows(range(30)), tmp_path / "two")
    ledger.advance(tmp_path / "two", tmp_path / "3" / "work", many.batches, tmp_path / "three")

    assert list((tmp_path / "two").glob("delta-*"))
    assert not list((tmp_path / "three").glob("delta-*"))
    assert members(tmp_path / "three") == expect(rows(range(30)), COLUMNS).members


def test_removals_count_once_whatever_the_kinds(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "LARGE", 0)
    first = prepared_run(tmp_path / "1", rows(range(100)), None)
    before = ledger.advance(None, tmp_path / "1" / "work", first.batches, tmp_path / "one")
    second = prepared_run(tmp_path / "2", rows(range(12, 100)), tmp_path / "one")
    after = ledger.advance(tmp_path / "one", tmp_path / "2" / "work", second.batches, tmp_path / "two")

    assert before.total >= 5 * second.counts.removals > before.total / 2
    assert after.changed == second.counts.removals


@pytest.mark.usefixtures("always_notes")
def test_who_is_noted_is_looked_up_like_everybody(tmp_path):
    first = prepared_run(tmp_path / "1", rows(range(20)), None)
    ledger.advance(None, tmp_path / "1" / "work", first.batches, tmp_path / "one")
    second = prepared_run(tmp_path / "2", rows(range(2, 24)), tmp_path / "one")
    ledger.advance(tmp_path / "one", tmp_path / "2" / "work", second.batches, tmp_path / "two")

    there = [
        ledger.contains(tmp_path / "two", "email", bytes.fromhex(digest_of("email", f"user{n}@example.com")))
        for n in (0, 1, 2, 19, 20, 23, 24)
    ]
    assert there == [False, False, True, True, True, True, False]


@pytest.mark.usefixtures("always_notes")
def test_ledger_with_missing_notes_is_refused(tmp_path):
    first = prepared_run(tmp_path / "1", rows(range(20)), None)
    ledger.advance(None, tmp_path / "1" / "work", first.batches, tmp_path / "one")
    second = prepared_run(tmp_path / "2", rows(range(2, 24)), tmp_path / "one")
    ledger.advance(tmp_path / "one", tmp_path / "2" / "work", second.batches, tmp_path / "two")
    (tmp_path / "two" / "delta-all.parquet").unlink()

    with pytest.raises(ledger.LedgerBroken):
        members(tmp_path / "two")
    with pytest.raises(ledger.LedgerBroken):
        prepared_run(tmp_path / "3", rows(range(5)), tmp_path / "two")


@pytest.mark.usefixtures("always_notes")
def test_ledger_with_notes_outlives_the_one_before_it(tmp_path):
    first = prepared_run(tmp_path / "1", rows(range(20)), None)
    ledger.advance(None, tmp_path / "1" / "work", first.batches, tmp_path / "one")
    second = prepared_run(tmp_path / "2", rows(range(2, 24)), tmp_path / "one")
    ledger.advance(tmp_path / "one", tmp_path / "2" / "work", second.batches, tmp_path / "two")
    for path in [*(tmp_path / "one").iterdir(), *(tmp_path / "1" / "work" / "newcomers").iterdir()]:
        path.unlink()

    assert members(tmp_path / "two") == expect(rows(range(2, 24)), COLUMNS).members


@pytest.mark.usefixtures("always_notes")
def test_who_was_never_a_member_is_not_noted_as_gone(tmp_path):
    """A removal that takes out strangers too is compared with those who are gone, however many members there are."""
    first = prepared_run(tmp_path / "1", rows(range(20)), None)
    before = ledger.advance(None, tmp_path / "1" / "work", first.batches, tmp_path / "one")
    others = prepared_run(tmp_path / "2", rows(range(100, 120)), None)
    gone = ledger.advance(None, tmp_path / "2" / "work", others.batches, tmp_path / "gone")
    assert gone.members == before.members
    (tmp_path / "3").mkdir()
    source = write_csv(tmp_path / "3" / "a.csv", ["email", "phone"], rows(range(10, 40)))
    plan = make_plan([source], COLUMNS, "remove", ledger=tmp_path / "gone", takes_strangers=True)
    third = prepare(plan, tmp_path / "3" / "work")
    after = ledger.advance(tmp_path / "one", tmp_path / "3" / "work", third.batches, tmp_path / "two")

    left = expect(rows(range(10, 40)), COLUMNS, "remove", members(tmp_path / "one")).members
    assert before.total > after.total == len(left)
    assert members(tmp_path / "two") == left


@pytest.mark.usefixtures("always_notes")
def test_a_run_that_was_sent_whole_is_noted_without_looking_all_members_up(tmp_path, monkeypatch):
    first = prepared_run(tmp_path / "1", rows(range(20)), None)
    ledger.advance(None, tmp_path / "1" / "work", first.batches, tmp_path / "one")
    second = prepared_run(tmp_path / "2", rows(range(2, 24)), tmp_path / "one")
    with monkeypatch.context() as patch:
        patch.delattr(writing.reading, "base")
        ledger.advance(tmp_path / "one", tmp_path / "2" / "work", second.batches, tmp_path / "two")

    assert members(tmp_path / "two") == expect(rows(range(2, 24)), COLUMNS).members
