"""The plain DuckDB shape: SQL where patterns decide, Python for the other distinct values, by partition."""

from __future__ import annotations

from pathlib import Path

import duckdb

from bench.rivals import common
from bench.rivals.common import COLUMNS, Outcome, count_batches, judge_all, partitions

_WHITE = "' ' || chr(9) || chr(10) || chr(13)"
_PARQUET = "(FORMAT parquet, COMPRESSION uncompressed)"


def _full(name: str, pattern: str) -> str:
    return f"regexp_full_match({name}, '{pattern}')"


def _digest(kind: str) -> str:
    """SQL over t (trimmed): the hexadecimal digest, or NULL where Python has to say."""
    hashed = f"WHEN strlen(t) = 64 AND {_full('t', common.HASHED)} THEN lower(t)"
    if kind == "email":
        return f"CASE {hashed} WHEN strlen(t) <= 64 AND {_full('t', common.EMAIL)} THEN sha256(lower(t)) END"
    if kind == "gaid":
        plain = f"strlen(t) = 36 AND {_full('t', common.MAID)} AND t <> '{common.ZERO_MAID}'"
        return f"CASE {hashed} WHEN {plain} THEN sha256(lower(t)) END"
    shaped = f"translate(t, '{common.SEPARATORS}', '')"
    honest = f"NOT regexp_matches({shaped}, '{common.REPEATED}')"
    return (
        f"CASE {hashed} WHEN {_full(shaped, common.PHONE)} AND {honest} THEN sha256(substr({shaped}, 2)) "
        f"WHEN {_full(shaped, common.NATIONAL)} AND {honest} THEN sha256('1' || {shaped}) END"
    )


def _stage(connection: duckdb.DuckDBPyConnection, path: Path, folder: Path, width: int) -> int:
    """Digests by kind and prefix; raw only where SQL could not decide."""
    names = ", ".join(f"trim({name}, {_WHITE}) AS {name}" for name, *_ in COLUMNS)
    parts = " UNION ALL ".join(
        f"SELECT {number}::UTINYINT AS k, {_digest(kind)} AS s, t "
        f"FROM (SELECT {name} AS t FROM source WHERE {name} <> '')"
        for name, kind, number, _ in COLUMNS
    )
    connection.execute(
        f"COPY (WITH source AS MATERIALIZED "
        f"(SELECT {names} FROM read_csv('{path}', all_varchar = true, header = true)) "
        f"SELECT k, unhex(s) AS h, CASE WHEN s IS NULL THEN t END AS raw, "
        f"CASE WHEN s IS NULL THEN 'odd' ELSE 'p' || substr(s, 1, {width}) END AS p FROM ({parts})) "
        f"TO '{folder}/stage' (FORMAT parquet, COMPRESSION uncompressed, PARTITION_BY (p))"
    )
    found = connection.execute(f"SELECT count(*) FROM read_csv('{path}', all_varchar = true, header = true)").fetchone()
    return int(found[0])


def _judge(connection: duckdb.DuckDBPyConnection, folder: Path, outcome: Outcome) -> None:
    connection.execute("CREATE TABLE verdicts (k UTINYINT, h BLOB, p VARCHAR)")
    for _, kind, number, country in COLUMNS:
        odd = connection.execute(
            f"SELECT DISTINCT raw FROM read_parquet('{folder}/stage/p=odd/*.parquet') WHERE k = {number}"
        ).fetchall()
        accepted = [digest for _, digest in judge_all(kind, country, (row[0] for row in odd))]
        outcome.refused += len(odd) - len(accepted)
        answers = folder / "answers.csv"
        answers.write_text("\n".join(digest.hex() for digest in accepted))
        connection.execute(
            f"INSERT INTO verdicts SELECT {number}, unhex(h), h[1:1] FROM read_csv('{answers}', header = false, "
            f"columns = {{'h': 'VARCHAR'}})"
        )


def run(path: Path, ledger: Path | None, folder: Path, rows: int, memory_mb: int = 512) -> Outcome:
    """ledger: a folder of Parquet files (wire_kind, h)."""
    options = {
        "memory_limit": f"{memory_mb}MB",
        "preserve_insertion_order": "false",
        "temp_directory": str(folder / "spill"),
    }
    connection = duckdb.connect(":memory:", config=options)
    prefixes = partitions(rows)
    outcome = Outcome(rows=_stage(connection, path, folder, len(prefixes[0])))
    _judge(connection, folder, outcome)
    for label in ("adds", "removes", "ledger"):
        (folder / label).mkdir()
    for prefix in prefixes:
        _compare(connection, folder, ledger, prefix, outcome)
    outcome.batches = count_batches(outcome.adds, outcome.removes)
    return outcome


def _compare(
    connection: duckdb.DuckDBPyConnection, folder: Path, ledger: Path | None, prefix: str, outcome: Outcome
) -> None:
    start = f"p LIKE '{prefix}%'" if prefix else "true"
    known = f"SELECT wire_kind AS k, h, 2::UTINYINT AS f FROM read_parquet('{ledger}/part-{prefix}*.parquet')"
    connection.execute(
        f"CREATE OR REPLACE TABLE d AS SELECT k, h, bit_or(f) AS f FROM ("
        f"SELECT k, h, 1::UTINYINT AS f FROM read_parquet('{folder}/stage/p=p{prefix}*/*.parquet') "
        f"UNION ALL SELECT k, h, 1::UTINYINT FROM verdicts WHERE {start} "
        f"{'UNION ALL ' + known if ledger else ''}) GROUP BY k, h"
    )
    for label, test in (("adds", "f = 1"), ("removes", "f = 2"), ("ledger", "f <> 2")):
        found = connection.execute(
            f"COPY (SELECT k AS wire_kind, h FROM d WHERE {test} ORDER BY h) "
            f"TO '{folder}/{label}/part-{prefix or 'all'}.parquet' {_PARQUET}"
        ).fetchone()
        setattr(outcome, label, getattr(outcome, label) + int(found[0]))
