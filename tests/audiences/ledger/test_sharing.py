"""A ledger takes over the files of a run and of the ledger before it where it can, and does without where it cannot."""

import json
import os
import shutil

import duckdb
import pytest

from audiences import ledger
from audiences.ledger import writing
from audiences.pipeline import newcomers
from audiences.pipeline.prepare import prepare
from pinconnect.identifiers import kinds
from tests.audiences.pipeline.helpers import make_plan, members, write_csv
from tests.support.reference import Column, expect

COLUMNS = (Column("email", "email"), Column("phone", "phone"))


def rows(numbers):
    return [{"email": f"user{n}@example.com", "phone": f"+1415555{n // 2:04d}"} for n in numbers]


def prepared_run(tmp_path, found, old=None, partitions=1, columns=COLUMNS):
    source = write_csv(tmp_path / "a.csv", ["email", "phone"], found)
    return prepare(make_plan([source], columns, ledger=old, partitions=partitions), tmp_path / "work")


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def first_version(path, found):
    """A ledger as it was written first: one BLOB for each digest."""
    path.mkdir()
    listed = ", ".join(f"({kinds.WIRE_NUMBERS[code]}::UTINYINT, unhex('{digest}'))" for code, digest in sorted(found))
    query = f"SELECT * FROM (VALUES {listed}) t(wire_kind, h) ORDER BY h"
    duckdb.sql(f"COPY ({query}) TO '{path}/part-all.parquet' (FORMAT parquet)")
    counted = {code: sum(1 for one, _ in found if one == code) for code, _ in found}
    (path / "manifest.json").write_text(json.dumps({"version": 1, "width": 0, "members": counted}))
    return path


@pytest.mark.parametrize("partitions", [1, 16])
def test_files_of_newcomers_become_the_ledger(tmp_path, partitions):
    prepared = prepared_run(tmp_path, rows(range(40)), partitions=partitions)

    ledger.advance(None, tmp_path / "work", prepared.batches, tmp_path / "new")

    parts = sorted((tmp_path / "new").glob("part-*"))
    assert len(parts) == partitions
    assert all(part.samefile(tmp_path / "work" / "newcomers" / part.name) for part in parts)
    assert members(tmp_path / "new") == expect(rows(range(40)), COLUMNS).members


@pytest.mark.parametrize("partitions", [1, 16])
@pytest.mark.parametrize("damage", ["gone", "cut", "unlisted"])
def test_without_newcomers_the_ledger_is_the_same_to_the_byte(tmp_path, damage, partitions):
    prepared = prepared_run(tmp_path, rows(range(40)), partitions=partitions)
    ledger.advance(None, tmp_path / "work", prepared.batches, tmp_path / "with")
    folder = tmp_path / "work" / newcomers.FOLDER
    if damage == "gone":
        shutil.rmtree(folder)
    elif damage == "cut":
        # Not in place: the file belongs to the ledger too.
        (folder / "cut").write_bytes(next(folder.glob("part-*")).read_bytes()[:-20])
        (folder / "cut").replace(next(folder.glob("part-*")))
    else:
        (folder / "listing.json").unlink()

    ledger.advance(None, tmp_path / "work", prepared.batches, tmp_path / "without")

    assert bytes_of(tmp_path / "without") == bytes_of(tmp_path / "with")


def test_newcomers_to_another_ledger_are_not_taken(tmp_path):
    old = tmp_path / "old"
    first = prepared_run(tmp_path, rows(range(10)))
    ledger.advance(None, tmp_path / "work", first.batches, old)
    # Row 10 shares its telephone with nobody on the list; row 9 brings a known telephone with a new address.
    prepared = prepared_run(
        tmp_path, [*rows(range(10, 14)), {"email": "new@example.com", "phone": "+14155550004"}], old
    )
    added = [one for one in prepared.batches if one.operation == "ADD"]

    ledger.advance(None, tmp_path / "work", added, tmp_path / "new")

    wanted = expect([*rows(range(10, 14)), {"email": "new@example.com", "phone": "+14155550004"}], COLUMNS).members
    assert members(tmp_path / "new") == wanted


def test_where_links_are_impossible_files_are_copied(tmp_path, monkeypatch):
    def refuse(*_args):
        raise OSError

    monkeypatch.setattr(os, "link", refuse)
    prepared = prepared_run(tmp_path, rows(range(40)))

    ledger.advance(None, tmp_path / "work", prepared.batches, tmp_path / "new")

    assert not (tmp_path / "new" / "part-all.parquet").samefile(tmp_path / "work" / "newcomers" / "part-all.parquet")
    assert members(tmp_path / "new") == expect(rows(range(40)), COLUMNS).members


@pytest.mark.parametrize("partitions", [1, 16])
def test_ledger_of_the_first_version_is_read_and_the_next_one_is_of_the_second(tmp_path, monkeypatch, partitions):
    monkeypatch.setattr(writing, "LARGE", 0)
    monkeypatch.setattr(writing, "_MEMBERS_PER_NOTE", 0)
    old = first_version(tmp_path / "old", expect(rows(range(20)), COLUMNS).members)
    assert members(old) == expect(rows(range(20)), COLUMNS).members

    prepared = prepared_run(tmp_path, rows(range(2, 24)), old, partitions)
    found = ledger.advance(old, tmp_path / "work", prepared.batches, tmp_path / "new")

    assert (prepared.counts.removals, found.version, found.changed) == (3, 2, 0)
    assert members(tmp_path / "new") == expect(rows(range(2, 24)), COLUMNS).members


def test_single_identifiers_need_no_newcomers(tmp_path):
    prepared = prepared_run(tmp_path, rows(range(40)), partitions=16, columns=COLUMNS[:1])

    ledger.advance(None, tmp_path / "work", prepared.batches, tmp_path / "new")

    assert not (tmp_path / "work" / "newcomers").exists()
    assert members(tmp_path / "new") == expect(rows(range(40)), COLUMNS[:1]).members
