"""Put every value that SQL could not decide before the rule, once per distinct value.

The verdicts of column i are Parquet files verdicts-<i>-*.parquet: raw, h (digest or NULL), reason, n (rows), first (the
rid of the first row that has it).
"""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from audiences.pipeline.plan import ColumnMapping, Plan
from audiences.pipeline.session import PARQUET, Session
from audiences.pipeline.stage import Staged
from pinconnect.identifiers.columnar import expressions, quote
from pinconnect.identifiers.rules import judge as judge_value

# Distinct undecided values that are held in memory at once, roughly.
_AT_ONCE = 1_500_000


@dataclass(frozen=True)
class ColumnVerdicts:
    """values: rows with anything in the column. refused: how many of them SQL refused, by reason.

    files: a pattern for read_parquet, None when SQL left nothing to the rule.
    """

    values: int
    refused: Mapping[str, int]
    files: str | None


def judge(plan: Plan, staged: Staged, folder: Path, session: Session) -> tuple[ColumnVerdicts, ...]:
    """The verdicts for each mapped column, in order."""
    folder.mkdir()
    found = []
    for index, column in enumerate(plan.columns):
        left = staged.tally.left[index]
        refused = _refused(index, staged, session) if left else {}
        undecided = left - sum(refused.values())
        share = (index / len(plan.columns), (index + 1) / len(plan.columns))
        pattern = _judge_column(index, column, undecided, staged, folder, session, share) if undecided else None
        found.append(ColumnVerdicts(staged.tally.decided[index] + left, refused, pattern))
    return tuple(found)


def _refused(index: int, staged: Staged, session: Session) -> dict[str, int]:
    name = f"e{index}"
    rows = session.run(
        f"SELECT {name}, count(*) FROM ({staged.layout.rest([name])}) WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY 1"
    )
    return {reason: int(size) for reason, size in rows}


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
    for part in range(parts):
        some = f" AND hash(r{index}) % {parts} = {part}" if parts > 1 else ""
        rows = staged.layout.rest([f"r{index}", f"e{index}"])
        distinct = (
            f"SELECT r{index} AS raw, count(*) AS n, min(rid) AS first FROM ({rows}) "
            f"WHERE r{index} IS NOT NULL AND e{index} IS NULL{some} GROUP BY raw"
        )
        looked_at = _looked_at_again(column, distinct)
        session.run(f"CREATE OR REPLACE TEMP TABLE odd AS SELECT row_number() OVER () AS id, * FROM ({looked_at})")
        answers = folder / "answers.csv"
        _answer(column, answers, session)
        session.run(
            f"COPY (SELECT raw, COALESCE(d, unhex(h)) AS h, COALESCE(known, reason) AS reason, n, first "
            f"FROM odd LEFT JOIN read_csv({quote(str(answers))}, "
            f"auto_detect = false, header = false, delim = ',', quote = '\"', escape = '\"', columns = "
            f"{{'id': 'BIGINT', 'h': 'VARCHAR', 'reason': 'VARCHAR'}}) USING (id)) "
            f"TO {quote(str(folder / f'verdicts-{index}-{part}.parquet'))} {PARQUET}"
        )
        answers.unlink()
        session.report(share[0] + (share[1] - share[0]) * (part + 1) / parts)
    session.run("DROP TABLE odd")
    return str(folder / f"verdicts-{index}-*.parquet")


def _looked_at_again(column: ColumnMapping, distinct: str) -> str:
    """Distinct values with what SQL finds when it trims them carefully: d, a digest, or known, a reason."""
    found = expressions(
        column.kind, column.treatment, column.default_country, column="raw", clean="c", shaped="s", is_careful=True
    )
    known = f"CASE WHEN d IS NULL THEN CASE WHEN b THEN 'blank' ELSE {found.refusal} END END"
    return (
        f"SELECT raw, n, first, d, {known} AS known FROM (SELECT *, {found.digest} AS d FROM (SELECT *, {found.shaped} "
        f"AS s, {found.blank} AS b FROM (SELECT *, {found.clean} AS c FROM ({distinct}))))"
    )


def _answer(column: ColumnMapping, answers: Path, session: Session) -> None:
    """Write id, digest and reason for each row of the table odd that SQL could not decide either."""
    with answers.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        for rows in session.stream("SELECT id, raw FROM odd WHERE d IS NULL AND known IS NULL"):
            writer.writerows(_verdict(column, number, raw) for number, raw in rows)


def _verdict(column: ColumnMapping, number: int, raw: str) -> tuple[int, str | None, str | None]:
    verdict = judge_value(column.kind, raw, column.treatment, column.default_country)
    if verdict.digest is not None:
        return number, verdict.digest.hex(), None
    return number, None, verdict.reason
