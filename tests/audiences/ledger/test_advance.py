"""The ledger: old plus acknowledged additions minus acknowledged removals, and found again in one partition."""

import json
from types import SimpleNamespace

import pytest

from audiences import ledger
from audiences.pipeline.prepare import prepare
from tests.audiences.pipeline.helpers import make_ledger, make_plan, members, sent, write_csv
from tests.support.reference import Column, digest_of, expect

COLUMNS = (Column("email", "email"), Column("phone", "phone"))


def rows(count, start=0):
    return [{"email": f"user{n}@example.com", "phone": f"+1415555{n:04d}"} for n in range(start, start + count)]


def prepared_run(tmp_path, found, old=None, partitions=1, mode="mirror"):
    source = write_csv(tmp_path / "a.csv", ["email", "phone"], found)
    return prepare(make_plan([source], COLUMNS, mode, ledger=old, partitions=partitions), tmp_path / "work")


def part(operation, first, count):
    return SimpleNamespace(operation=operation, first=first, count=count)


@pytest.mark.parametrize("partitions", [1, 16])
def test_every_member_is_found_and_no_one_else(tmp_path, partitions):
    prepared = prepared_run(tmp_path, rows(60), partitions=partitions)
    found = ledger.advance(None, tmp_path / "work", prepared.batches, tmp_path / "new")

    digest = bytes.fromhex(digest_of("email", "user7@example.com"))
    assert found.members == {"email": 60, "phone": 60}
    assert ledger.count(tmp_path / "new") == 120
    assert ledger.contains(tmp_path / "new", "email", digest)
    assert not ledger.contains(tmp_path / "new", "phone", digest)
    assert not ledger.contains(tmp_path / "new", "email", bytes(32))


def test_only_acknowledged_ranges_move_the_ledger(tmp_path):
    prepared_run(tmp_path, rows(30))
    work = tmp_path / "work"

    ledger.advance(None, work, [part("ADD", 3, 4), part("ADD", 5, 5), part("ADD", 20, 1)], tmp_path / "new")

    everyone = prepare(make_plan([write_csv(tmp_path / "b.csv", ["email", "phone"], rows(30))], COLUMNS), work)
    assert len(members(tmp_path / "new")) == 16
    assert members(tmp_path / "new") <= set(sent(work, everyone, "ADD"))


def test_acknowledging_twice_or_in_another_order_changes_nothing(tmp_path):
    prepared_run(tmp_path, rows(30))
    ranges = [part("ADD", 0, 10), part("ADD", 10, 10), part("ADD", 5, 10)]

    ledger.advance(None, tmp_path / "work", ranges, tmp_path / "one")
    ledger.advance(None, tmp_path / "work", [*reversed(ranges), *ranges], tmp_path / "two")

    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == ["manifest.json", "part-all.parquet"]
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in files)


def test_removals_leave_and_unacknowledged_ones_stay(tmp_path):
    old = make_ledger(tmp_path, expect(rows(20), COLUMNS).members)
    prepared = prepared_run(tmp_path, rows(20, start=10), old)
    removes = [one for one in prepared.batches if one.operation == "REMOVE"]

    ledger.advance(old, tmp_path / "work", [part("REMOVE", 0, 5)], tmp_path / "some")
    ledger.advance(old, tmp_path / "work", removes, tmp_path / "all")

    assert len(members(tmp_path / "some")) == 35
    assert members(tmp_path / "all") == expect(rows(10, start=10), COLUMNS).members
    assert members(old) == expect(rows(20), COLUMNS).members


@pytest.mark.parametrize(("before", "after"), [(1, 16), (16, 1), (16, 256), (1, 1)])
def test_partitions_may_grow_and_never_shrink(tmp_path, before, after):
    first = prepared_run(tmp_path, rows(40), partitions=before)
    ledger.advance(None, tmp_path / "work", first.batches, tmp_path / "old")
    second = prepared_run(tmp_path, rows(40, start=20), tmp_path / "old", partitions=after)

    found = ledger.advance(tmp_path / "old", tmp_path / "work", second.batches, tmp_path / "new")

    assert 16**found.width == max(before, after)
    assert members(tmp_path / "new") == expect(rows(40, start=20), COLUMNS).members


def test_nothing_acknowledged_gives_the_same_members(tmp_path):
    old = make_ledger(tmp_path, expect(rows(10), COLUMNS).members)
    prepared_run(tmp_path, rows(5), old)

    found = ledger.advance(old, tmp_path / "work", [], tmp_path / "new")

    assert found.members == {"email": 10, "phone": 10}
    assert members(tmp_path / "new") == members(old)


def test_half_written_ledger_is_not_one_and_is_written_again(tmp_path):
    prepared = prepared_run(tmp_path, rows(10))
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "part-all.parquet").write_bytes(b"half")

    with pytest.raises(ledger.LedgerBroken):
        ledger.contains(tmp_path / "new", "email", bytes(32))
    ledger.advance(None, tmp_path / "work", prepared.batches, tmp_path / "new")

    assert members(tmp_path / "new") == expect(rows(10), COLUMNS).members


def test_ledger_with_a_missing_file_is_refused(tmp_path):
    old = make_ledger(tmp_path, expect(rows(10), COLUMNS).members)
    (old / "part-all.parquet").unlink()

    with pytest.raises(ledger.LedgerBroken):
        prepared_run(tmp_path, rows(10), old)


def test_ledger_of_another_version_is_refused(tmp_path):
    old = make_ledger(tmp_path, expect(rows(3), COLUMNS).members)
    manifest = json.loads((old / "manifest.json").read_text(encoding="utf-8"))
    (old / "manifest.json").write_text(json.dumps(manifest | {"version": 99}), encoding="utf-8")

    with pytest.raises(ledger.LedgerBroken):
        ledger.count(old)


def test_absent_ledger_is_empty():
    assert ledger.count(None) == 0
    assert not ledger.contains(None, "email", bytes(32))
