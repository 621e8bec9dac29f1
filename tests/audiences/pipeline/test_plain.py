"""Digests read from the bytes of a file are those that a query gives, and what looks odd is left to the query."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from audiences.pipeline import payloads, plain
from audiences.pipeline.plan import BatchLimits
from audiences.pipeline.prepare import prepare
from audiences.pipeline.sequences import Index, Part, SequenceWriter, read_index, write_index
from tests.audiences.pipeline.helpers import make_plan, write_csv

ROWS = 25_000


def write_sequence(workdir: Path, digests: str, *, rows: int = ROWS, **index: Any) -> Index:
    """The add sequence of these digests (SQL over the number i), in one file."""
    workdir.mkdir()
    writer = SequenceWriter(workdir, "ADD")
    query = f"SELECT 1::UTINYINT AS k, {digests} AS h FROM range({rows}) t(i)"
    duckdb.execute(writer.copy_sql("", ("k", "h"), query))
    writer.wrote("", rows)
    write_index(Index(workdir, "records", ("email",), 0, {"ADD": tuple(writer.parts), "REMOVE": ()}))
    return read_index(workdir)


def read_plainly(index: Index, first: int, count: int) -> str | None:
    found = plain.digests(index, "ADD", first, count, duckdb.connect(":memory:"))
    return None if found is None else found.decode()


def asked(index: Index, first: int, count: int) -> str:
    """What DuckDB says."""
    query = f"SELECT string_agg(lower(hex(h)), ',' ORDER BY n) FROM ({index.entries('ADD', first, first + count)})"
    return str(duckdb.sql(query).fetchall()[0][0])


RANGES = [(0, ROWS), (0, 1), (ROWS - 1, 1), (10_239, 2), (10_240, 10_240), (123, 10_000), (9_000, 15_999)]


@pytest.mark.parametrize(("first", "count"), RANGES)
@pytest.mark.parametrize("digest", ["sha256", "md5", "sha1"])
def test_any_range_gives_what_a_query_gives(tmp_path: Path, digest: str, first: int, count: int) -> None:
    index = write_sequence(tmp_path / "work", f"unhex({digest}('user' || i))")

    found = read_plainly(index, first, count)

    assert found == asked(index, first, count)
    assert len(found.split(",")) == count


def test_digests_that_look_like_a_length_do_no_harm(tmp_path: Path) -> None:
    index = write_sequence(tmp_path / "work", "unhex(repeat('20000000', 7) || printf('%08x', i))")

    assert read_plainly(index, 5, 20_000) == asked(index, 5, 20_000)


def test_prepared_data_in_many_files_is_read_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "WORTH_IT_FROM", 0)
    source = write_csv(tmp_path / "a.csv", ["email"], [{"email": f"user{n}@example.com"} for n in range(400)])
    prepare(make_plan([source], limits=BatchLimits(), partitions=16), tmp_path / "work")
    index = read_index(tmp_path / "work")
    assert len(index.parts["ADD"]) == 16

    for first, count in [(0, 400), (17, 200), (399, 1)]:
        assert read_plainly(index, first, count) == asked(index, first, count)
        assert payloads.read(tmp_path / "work", "ADD", first, count).text == asked(index, first, count)


ODD = {
    "of two lengths": "CASE WHEN i % 7 > 0 THEN unhex(sha256('u' || i)) ELSE unhex(md5('u' || i)) END",
    "of another length": "unhex(sha256('u' || i))[1:24]",
    "few different ones": "unhex(sha256('u' || (i % 10)))",
    "one is missing": "CASE WHEN i <> 5 THEN unhex(sha256('u' || i)) END",
}


@pytest.mark.parametrize("digests", ODD.values(), ids=ODD)
def test_what_looks_odd_is_left_to_the_query(tmp_path: Path, digests: str) -> None:
    index = write_sequence(tmp_path / "work", digests)

    assert read_plainly(index, 0, 1_000) is None
    if "<> 5" not in digests:
        assert payloads.read(tmp_path / "work", "ADD", 10, 1_000).text == asked(index, 10, 1_000)


def test_compressed_files_are_left_to_the_query(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audiences.pipeline.sequences.OPTIONS", "(FORMAT parquet, COMPRESSION zstd)")
    index = write_sequence(tmp_path / "work", "unhex(sha256('u' || i))")

    assert read_plainly(index, 0, 100) is None
    assert payloads.read(tmp_path / "work", "ADD", 0, 100).text == asked(index, 0, 100)


@pytest.mark.parametrize(("first", "count"), [(-1, 5), (ROWS, 1), (ROWS - 1, 2)])
def test_positions_outside_are_refused_as_ever(tmp_path: Path, first: int, count: int) -> None:
    index = write_sequence(tmp_path / "work", "unhex(sha256('u' || i))")

    assert read_plainly(index, first, count) is None
    with pytest.raises(payloads.PayloadMissing):
        payloads.read(tmp_path / "work", "ADD", first, count)


@pytest.mark.parametrize("damage", ["gone", "cut short", "another file"])
def test_damaged_files_are_noticed(tmp_path: Path, damage: str) -> None:
    index = write_sequence(tmp_path / "work", "unhex(sha256('u' || i))")
    file = tmp_path / "work" / index.parts["ADD"][0].file
    if damage == "gone":
        file.unlink()
    elif damage == "cut short":
        file.write_bytes(file.read_bytes()[:500_000])
    else:
        index = write_sequence(tmp_path / "other", "unhex(sha256('u' || i))", rows=21_000)
        (tmp_path / "other" / "adds" / "part-all.parquet").replace(file)

    with pytest.raises(payloads.PayloadMissing):
        payloads.read(tmp_path / "work", "ADD", 20_000, 5_000)


def test_what_was_prepared_anew_at_the_same_place_is_read_afresh(tmp_path: Path) -> None:
    before = write_sequence(tmp_path / "work", "unhex(sha256('u' || i))")
    first = payloads.read(tmp_path / "work", "ADD", 0, 10).text
    (tmp_path / "work").rename(tmp_path / "old")

    after = write_sequence(tmp_path / "work", "unhex(sha256('v' || i))")

    assert before.parts == after.parts == {"ADD": (Part("adds/part-all.parquet", 0, ROWS),), "REMOVE": ()}
    assert payloads.read(tmp_path / "work", "ADD", 0, 10).text == asked(after, 0, 10) != first
