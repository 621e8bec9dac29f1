"""Put every value that SQL could not decide before the rule, once per distinct value.

The verdicts of column i are Parquet files verdicts-<i>-*.parquet: raw, h (digest or NULL), reason, n (rows), first (the
rid of the first row that has it).
"""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from audiences.pipeline.plan import ColumnMapping, Plan
from audiences.pipeline.session import Session
from audiences.pipeline.stage import Staged
from pinconnect.identifiers.columnar import expressions, quote
from pinconnect.identifiers.rules import judge as judge_value

# Distinct undecided values that are held in memory at once, roughly.
_AT_ONCE = 1_500_000


@dataclass(frozen=True)
class ColumnVerdicts:
    """values: rows with anything in the column. undecided: how many of them SQL left to the rule.

    files: a pattern for read_parquet, None when SQL decided everything.
    """

    values: int
    undecided: int
    files: str | None


def judge(plan: Plan, staged: Staged, folder: Path, session: Session) -> tuple[ColumnVerdicts, ...]:
    """The verdicts for each mapped column, in order."""
    folder.mkdir()
    names = [f"{letter}{index}" for index in range(len(plan.columns)) for letter in "dr"]
    counted = ", ".join(f"count({name})" for name in names)
    counts = session.run(f"SELECT {counted} FROM ({staged.sql(names)})")[0]
    found = []
    for index, column in enumerate(plan.columns):
        decided, undecided = int(counts[2 * index]), int(counts[2 * index + 1])
        share = (index / len(plan.columns), (index + 1) / len(plan.columns))
        pattern = _judge_column(index, column, undecided, staged, folder, session, share) if undecided else None
        found.append(ColumnVerdicts(decided + undecided, undecided, pattern))
    return tuple(found)


def _judge_column(
    index: int,
    column: ColumnMapping,
    undecided: int,
    staged: Staged,
    folder: Path,
    session: Session,
    share: tuple[float, float],
) -> str:
    parts = -(-undecided // _AT_ONCE)
    known = expressions(column.kind, column.treatment, column.default_country, column="raw", clean="c", shaped="c")
    for part in range(parts):
        some = f" AND hash(r{index}) % {parts} = {part}" if parts > 1 else ""
        session.run(
            f"CREATE OR REPLACE TEMP TABLE odd AS "
            f"SELECT row_number() OVER () AS id, *, {known.refusal} AS known FROM "
            f"(SELECT *, {known.clean} AS c FROM (SELECT r{index} AS raw, count(*) AS n, min(rid) AS first "
            f"FROM ({staged.sql([f'r{index}'])}) WHERE r{index} IS NOT NULL{some} GROUP BY raw))"
        )
        answers = folder / "answers.csv"
        _answer(column, answers, session)
        session.run(
            f"COPY (SELECT raw, unhex(h) AS h, COALESCE(known, reason) AS reason, n, first "
            f"FROM odd LEFT JOIN read_csv({quote(str(answers))}, "
            f"auto_detect = false, header = false, delim = ',', quote = '\"', escape = '\"', columns = "
            f"{{'id': 'BIGINT', 'h': 'VARCHAR', 'reason': 'VARCHAR'}}) USING (id)) "
            f"TO {quote(str(folder / f'verdicts-{index}-{part}.parquet'))} (FORMAT parquet)"
        )
        answers.unlink()
        session.report(share[0] + (share[1] - share[0]) * (part + 1) / parts)
    session.run("DROP TABLE odd")
    return str(folder / f"verdicts-{index}-*.parquet")


def _answer(column: ColumnMapping, answers: Path, session: Session) -> None:
    """Write id, digest and reason for each row of the table odd that SQL could not refuse either."""
    with answers.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        for rows in session.stream("SELECT id, raw FROM odd WHERE known IS NULL"):
            writer.writerows(_verdict(column, number, raw) for number, raw in rows)


def _verdict(column: ColumnMapping, number: int, raw: str) -> tuple[int, str | None, str | None]:
    verdict = judge_value(column.kind, raw, column.treatment, column.default_country)
    if verdict.digest is not None:
        return number, verdict.digest.hex(), None
    return number, None, verdict.reason
