"""Looks at every value of the mapped columns for what the rules accept and a person would not.

What the rules refuse is counted while a run is prepared; this finds the rest: role mailboxes, one value in hundreds of
rows, hashes and plain values in one column, the case of the other platform's IDs.
"""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from audiences.filtering import sql as filtering
from audiences.pipeline.plan import Cancelled, ColumnMapping, PipelineError, Plan
from audiences.pipeline.session import BadCsv, Session
from audiences.pipeline.sources import Readable, open_source
from pinconnect.identifiers import texts
from pinconnect.identifiers.columnar import quote
from pinconnect.identifiers.masking import mask

logger = logging.getLogger(__name__)

# A family may share an address, and a test account may come up now and then; hundreds of rows are a default value.
REPEATED_FROM = 100
_EXAMPLES = 3
_ROLES = (
    "abuse|accounts|admin|administrator|billing|contact|customerservice|do-?not-?reply|enquiries|hello|help|hostmaster|"
    "info|invoice|mail|mailer-daemon|marketing|no-?reply|no_reply|noc|office|orders|postmaster|press|privacy|reception|"
    "root|sales|security|service|spam|subscribe|support|team|test|unsubscribe|webmaster"
)
_CASE_COUNTS = ("maid", "lr_id", "dlx_id")
_SHA256 = "[0-9A-Fa-f]{64}"
_OTHER_HASH = "[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}"
_DASHED = "{0}{{8}}-{0}{{4}}-{0}{{4}}-{0}{{4}}-{0}{{12}}"


@dataclass(frozen=True)
class Symptom:
    """Something suspicious in one column.

    count: values. examples: dicts with source and row (both from 1, row 0 when it cannot be told), the masked value and
    how often it occurs (times, 1 where that is not the point).
    """

    column: str
    kind: str
    code: str
    count: int
    examples: list[dict[str, Any]]


def examine(plan: Plan, folder: Path, *, cancelled: Callable[[], bool] = lambda: False) -> list[dict[str, Any]]:
    """The symptoms as plain data, by column; bounded memory, and nothing raw is left in folder.

    Raises what preparing raises: Cancelled, SourceBroken, DiskFull, MemoryShort.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with Session(
            folder / "spill",
            memory_limit_mb=plan.memory_limit_mb,
            threads=plan.threads,
            max_spill_mb=plan.max_spill_mb,
            cancelled=cancelled,
        ) as session:
            rows = _read(plan, folder, session)
            found = [
                symptom
                for index, column in enumerate(plan.columns)
                for symptom in (*_suspects(index, column, rows, session), *_repeated(index, column, rows, session))
            ]
        return [asdict(symptom) for symptom in found]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def for_counts(plan: Plan, folder: Path, *, cancelled: Callable[[], bool]) -> dict[str, Any]:
    """What a dry run adds to its counts; nothing when the data cannot be examined, for that stops nobody.

    Raises Cancelled.
    """
    try:
        return {"doctor": examine(plan, folder, cancelled=cancelled)}
    except Cancelled:
        raise
    except PipelineError as error:
        logger.warning("The data could not be examined (%s)", type(error).__name__)
        return {}


def _read(plan: Plan, folder: Path, session: Session) -> str:
    """Bring the mapped columns of the rows that match into Parquet; a query for source, row and v0, v1 …, trimmed."""
    parts = []
    for number, source in enumerate(plan.sources, start=1):
        session.stop_if_cancelled()
        readable = open_source(source, number, plan.read_columns, folder, session.stop_if_cancelled)
        target = folder / f"values-{number}.parquet"
        try:
            session.run(_copy(plan, readable, target, is_strict=True))
        except BadCsv:
            # Rows that do not fit are left out, so the rest cannot be numbered.
            session.run(_copy(plan, readable, target, is_strict=False))
        parts.append(f"SELECT {number} AS source, * FROM read_parquet({quote(str(target))})")
    return " UNION ALL ".join(parts)


def _copy(plan: Plan, readable: Readable, target: Path, *, is_strict: bool) -> str:
    form = readable.source.format
    names = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(len(form.columns)))
    how = "strict_mode = true" if is_strict else "strict_mode = false, ignore_errors = true"
    mapped = readable.positions[: len(plan.columns)]
    values = ", ".join(f"trim(c{at}, ' ' || chr(9) || chr(10) || chr(13)) AS v{i}" for i, at in enumerate(mapped))
    row = "row_number() OVER ()" if is_strict else "0::BIGINT"
    at_name = {name: f"c{at}" for name, at in zip(plan.read_columns, readable.positions, strict=True)}
    kept = filtering.keeps(plan.row_filter, at_name) if plan.row_filter else "true"
    return (
        f"COPY (SELECT * EXCLUDE kept FROM (SELECT {row} AS row, {values}, {kept} AS kept "
        f"FROM read_csv({quote(str(readable.path))}, auto_detect = false, {how}, "
        f"delim = {quote(form.delimiter)}, quote = {quote(form.quote)}, escape = {quote(form.quote)}, "
        f"header = {'true' if form.has_header else 'false'}, columns = {{{names}}})) WHERE kept) "
        f"TO {quote(str(target))} (FORMAT parquet, COMPRESSION uncompressed)"
    )


def _suspects(index: int, column: ColumnMapping, rows: str, session: Session) -> list[Symptom]:
    """Values that look wrong by themselves, all counted in one pass."""
    tests = _tests(f"v{index}", column)
    if not tests:
        return []
    wanted = ", ".join(
        f"count(*) FILTER ({test}), arg_min({{'s': source, 'r': row, 'v': left(v{index}, 300)}}, (source, row), "
        f"{_EXAMPLES}) FILTER ({test})"
        for test in tests.values()
    )
    found = session.run(f"SELECT {wanted} FROM ({rows})")[0]
    symptoms = []
    for number, code in enumerate(tests):
        count, examples = found[2 * number], found[2 * number + 1] or []
        if count:
            shown = [_example(one["s"], one["r"], one["v"]) for one in examples]
            symptoms.append(Symptom(column.column, column.kind, code, count, shown))
    return _without_one_sided_mixes(symptoms)


def _tests(name: str, column: ColumnMapping) -> dict[str, str]:
    hashed = f"regexp_full_match({name}, '{_SHA256}')"
    tests = {}
    is_hashed = column.treatment in ("hashed", "any_hash")
    if column.treatment == "any_hash":
        tests["other_hashes"] = f"regexp_full_match({name}, '{_OTHER_HASH}')"
    if column.kind == "email" and not is_hashed:
        tests["role_mailbox"] = f"regexp_full_match(lower({name}), '(?:{_ROLES})(?:[+.].*)?@.+')"
    if column.kind == "idfa" and not is_hashed:
        tests["idfa_lower"] = _in_case(name, "[0-9a-f]", "[0-9]")
    if column.kind == "gaid" and not is_hashed:
        tests["gaid_upper"] = _in_case(name, "[0-9A-F]", "[0-9]")
    if column.treatment == "auto":
        nothing = texts.HASHES_OF_BLANK | texts.HASHES_OF_PLACEHOLDER
        tests["some_hashed"] = f"{hashed} AND lower({name}) NOT IN ({_listed(nothing)})"
        tests["some_plain"] = f"{name} <> '' AND NOT {hashed} AND lower({name}) NOT IN ({_listed(texts.PLACEHOLDERS)})"
    return tests


def _in_case(name: str, digit: str, neutral: str) -> str:
    """An ID with dashes in one case; an ID without letters has no case."""
    pattern, plain = _DASHED.format(digit), _DASHED.format(neutral)
    return f"regexp_full_match({name}, '{pattern}') AND NOT regexp_full_match({name}, '{plain}')"


def _listed(found: Iterable[str]) -> str:
    return ", ".join(quote(text) for text in sorted(found))


def _without_one_sided_mixes(symptoms: Sequence[Symptom]) -> list[Symptom]:
    """A column may hold hashes or plain values; it is suspicious when it holds both, and the fewer ones are shown."""
    sides = [symptom for symptom in symptoms if symptom.code.startswith("some_")]
    others = [symptom for symptom in symptoms if not symptom.code.startswith("some_")]
    return [*others, min(sides, key=lambda side: side.count)] if len(sides) == 2 else others


def _repeated(index: int, column: ColumnMapping, rows: str, session: Session) -> list[Symptom]:
    """Values in at least REPEATED_FROM rows. Grouped by a hash of them, which takes less room than they do."""
    # IDs whose case counts are not the same when only their letters are.
    value = f"v{index}" if column.kind in _CASE_COUNTS else f"lower(v{index})"
    groups = (
        f"SELECT hash({value}) AS g, count(*) AS n, min((source, row)) AS first FROM ({rows}) "
        f"WHERE v{index} <> '' AND lower(v{index}) NOT IN ({_listed(texts.PLACEHOLDERS)}) "
        f"GROUP BY g HAVING count(*) >= {REPEATED_FROM}"
    )
    session.run(f"CREATE OR REPLACE TEMP TABLE repeated AS {groups}")
    values, total = session.run("SELECT count(*), sum(n) FROM repeated")[0]
    if not values:
        return []
    top = f"SELECT * FROM repeated ORDER BY n DESC, first LIMIT {_EXAMPLES}"
    found = session.run(
        f"SELECT any_value(left(v{index}, 300)), t.n, min((source, row)) FROM ({rows}) JOIN ({top}) t "
        f"ON hash({value}) = t.g GROUP BY t.g, t.n ORDER BY t.n DESC, 3"
    )
    examples = [_example(first[0], first[1], text, times) for text, times, first in found]
    return [Symptom(column.column, column.kind, "repeated", int(total), examples)]


def _example(source: int, row: int, text: str, times: int = 1) -> dict[str, Any]:
    return {"source": source, "row": row, "value": mask(text), "times": times}
