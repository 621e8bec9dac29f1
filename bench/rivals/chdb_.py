"""chDB, ClickHouse in this process: SQL for what patterns decide, Python for the other distinct values."""

from __future__ import annotations

from pathlib import Path

from chdb.session import Session

from bench.rivals import common
from bench.rivals.common import COLUMNS, Outcome, count_batches, judge_all, partitions

# What no digest is; a String would lose the zero bytes at a digest's end.
_NONE = "toFixedString('', 32)"


def _full(name: str, pattern: str) -> str:
    escaped = pattern.replace("\\", "\\\\")
    return f"match({name}, '^(?:{escaped})$')"


def _digest(kind: str) -> str:
    """SQL over t (trimmed): the digest, or an empty string where Python has to say."""
    hashed = f"length(t) = 64 AND {_full('t', common.HASHED)}, toFixedString(substring(unhex(t), 1, 32), 32)"
    if kind == "email":
        return f"multiIf({hashed}, length(t) <= 64 AND {_full('t', common.EMAIL)}, SHA256(lower(t)), {_NONE})"
    if kind == "gaid":
        plain = f"length(t) = 36 AND {_full('t', common.MAID)} AND t <> '{common.ZERO_MAID}'"
        return f"multiIf({hashed}, {plain}, SHA256(lower(t)), {_NONE})"
    shaped = f"replaceRegexpAll(t, '[{common.SEPARATORS.replace('-', '')}-]', '')"
    honest = f"NOT match({shaped}, '{common.REPEATED}')"
    return (
        f"multiIf({hashed}, {_full(shaped, common.PHONE)} AND {honest}, SHA256(substring({shaped}, 2)), "
        f"{_full(shaped, common.NATIONAL)} AND {honest}, SHA256(concat('1', {shaped})), {_NONE})"
    )


def _number(session: Session, sql: str) -> int:
    return int(str(session.query(sql, "TabSeparated")).strip() or 0)


def _stage(session: Session, path: Path, width: int) -> int:
    structure = ", ".join(f"{name} String" for name in ("email", "phone", "gaid", "city"))
    arrays = ", ".join(f"({number}, trim(BOTH ' \\t\\r\\n' FROM {name}))" for name, _, number, _ in COLUMNS)
    cases = ", ".join(f"k = {number}, {_digest(kind)}" for _, kind, number, _ in COLUMNS)
    session.query("CREATE TABLE stage (k UInt8, h FixedString(32), raw String, p String) ENGINE = MergeTree ORDER BY p")
    session.query(
        f"INSERT INTO stage SELECT k, h, if(h = {_NONE}, t, '') AS raw, if(h = {_NONE}, 'odd', "
        f"concat('p', substring(lower(hex(substring(h, 1, 1))), 1, {width}))) AS p FROM "
        f"(SELECT k, t, multiIf({cases}, {_NONE}) AS h FROM (SELECT (arrayJoin([{arrays}]) AS pair).1::UInt8 AS k, "
        f"pair.2 AS t FROM file('{path}', 'CSVWithNames', '{structure}')) WHERE t <> '')"
    )
    return _number(session, f"SELECT count() FROM file('{path}', 'CSVWithNames', '{structure}')")


def _judge(session: Session, folder: Path, outcome: Outcome) -> None:
    for _, kind, number, country in COLUMNS:
        table = session.query(f"SELECT DISTINCT raw FROM stage WHERE p = 'odd' AND k = {number}", "ArrowTable")
        odd = [value.decode() if isinstance(value, bytes) else value for value in table.column("raw").to_pylist()]
        accepted = [digest for _, digest in judge_all(kind, country, odd)]
        outcome.refused += len(odd) - len(accepted)
        answers = folder / "answers.csv"
        answers.write_text("\n".join(digest.hex() for digest in accepted) + "\n")
        session.query(
            f"INSERT INTO stage SELECT {number}, toFixedString(unhex(x), 32), '', concat('p', substring(x, 1, 1)) "
            f"FROM file('{answers}', 'CSV', 'x String') WHERE x <> ''"
        )


def run(path: Path, ledger: Path | None, folder: Path, rows: int, memory_mb: int = 512) -> Outcome:
    """ledger: a folder of Parquet files (wire_kind, h)."""
    session = Session(str(folder / "data"))
    session.query("CREATE DATABASE IF NOT EXISTS bench ENGINE = Atomic")
    session.query("USE bench")
    prefixes = partitions(rows)
    outcome = Outcome(rows=_stage(session, path, 1))
    _judge(session, folder, outcome)
    for label in ("adds", "removes", "ledger"):
        (folder / label).mkdir()
    for prefix in prefixes:
        _compare(session, folder, ledger, prefix, outcome)
    session.close()
    outcome.batches = count_batches(outcome.adds, outcome.removes)
    return outcome


def _compare(session: Session, folder: Path, ledger: Path | None, prefix: str, outcome: Outcome) -> None:
    chosen = f"p = 'p{prefix}'" if prefix else "p <> 'odd'"
    known = (
        f"UNION ALL SELECT wire_kind AS k, h, 2 AS f "
        f"FROM file('{ledger}/part-{prefix}*.parquet', 'Parquet', 'wire_kind UInt8, h FixedString(32)')"
    )
    session.query("CREATE OR REPLACE TABLE d (k UInt8, h FixedString(32), f UInt8) ENGINE = Memory")
    session.query(
        f"INSERT INTO d SELECT k, h, groupBitOr(f) FROM (SELECT k, h, 1 AS f FROM stage WHERE {chosen} "
        f"{known if ledger else ''}) GROUP BY k, h"
    )
    for label, test in (("adds", "f = 1"), ("removes", "f = 2"), ("ledger", "f <> 2")):
        target = folder / label / f"part-{prefix or 'all'}.parquet"
        session.query(
            f"INSERT INTO FUNCTION file('{target}', 'Parquet', 'wire_kind UInt8, h FixedString(32)') "
            f"SELECT k, h FROM d WHERE {test} ORDER BY h SETTINGS output_format_parquet_compression_method = 'none'"
        )
        setattr(outcome, label, getattr(outcome, label) + _number(session, f"SELECT count() FROM d WHERE {test}"))
