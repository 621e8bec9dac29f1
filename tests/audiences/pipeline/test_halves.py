"""Digests in halves are the digests, in the same order, in the same partitions."""

import duckdb
import pytest

from audiences.pipeline import halves

EDGES = [
    bytes(32),
    b"\x7f" + b"\xff" * 31,
    b"\x80" + bytes(31),
    b"\xff" * 32,
    bytes(16) + b"\xff" * 16,
    bytes(range(32)),
]


@pytest.fixture
def connection():
    with duckdb.connect(":memory:") as opened:
        opened.execute("CREATE TABLE t (h BLOB)")
        opened.executemany("INSERT INTO t VALUES (?)", [[digest] for digest in (*EDGES, None)])
        opened.execute(
            "INSERT INTO t SELECT unhex(sha256(i::VARCHAR)) FROM range(2000) r(i) "
            "UNION ALL SELECT unhex(repeat('5c', 16) || sha256(i::VARCHAR)[1:32]) FROM range(500) r(i)"
        )
        yield opened


def test_halves_make_the_digest_again_and_nothing_stays_nothing(connection):
    found = connection.execute(
        f"SELECT h, {halves.join('0')} FROM (SELECT h, {halves.split('h', '0')} FROM t)"
    ).fetchall()

    assert len(found) == 2507
    assert all(before == after for before, after in found)


@pytest.mark.parametrize("size", [16, 20])
def test_shorter_digests_come_back_as_they_were_and_are_nobody_elses(connection, size):
    sources = [digest[:size] for digest in (*EDGES, bytes(range(1, 33)))]
    connection.execute("CREATE TABLE short (h BLOB)")
    connection.executemany("INSERT INTO short VALUES (?)", [[digest] for digest in sources])
    both = "SELECT h FROM short UNION ALL SELECT h FROM t WHERE h IS NOT NULL"

    found = connection.execute(
        f"SELECT h, {halves.join('0')} FROM (SELECT h, {halves.split('h', '0')} FROM ({both}))"
    ).fetchall()
    distinct = connection.execute(
        f"SELECT count(DISTINCT h), count(DISTINCT (a0, b0)) FROM (SELECT h, {halves.split('h', '0')} FROM ({both}))"
    ).fetchone()

    assert len(found) == 2506 + len(sources)
    assert all(before == after for before, after in found)
    assert distinct[0] == distinct[1]


def test_halves_sort_as_the_bytes_do(connection):
    found = connection.execute(f"SELECT h FROM (SELECT h, {halves.split('h', '')} FROM t) ORDER BY a, b").fetchall()

    digests = [bytes(row[0]) for row in found if row[0] is not None]
    assert digests == sorted(digests)


@pytest.mark.parametrize("width", [0, 1, 2])
def test_partition_is_what_the_leading_digits_say(connection, width):
    found = connection.execute(
        f"SELECT lower(hex(h)), {halves.leading('a', width)} FROM (SELECT h, {halves.split('h', '')} FROM t) "
        f"WHERE h IS NOT NULL"
    ).fetchall()

    assert all(number == int(digest[:width] or "0", 16) for digest, number in found)
