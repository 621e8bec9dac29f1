"""Who is in a list, worked out from its log when somebody asks; out of core, so ten million members fit."""

from __future__ import annotations

import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pinconnect.simulator.world import World

MEMORY_LIMIT = "500MB"
THREADS = 2
# Lists with a log up to this length are worked out whenever the state is shown.
QUICK_LINES = 200_000
KIND_OF_LIST = {
    "EMAIL": "email",
    "IDFA": "maid",
    "MAID": "maid",
    "LR_ID": "lr_id",
    "DLX_ID": "dlx_id",
    "HASHED_PINNER_ID": "pinner_id",
}
# Lists whose records may be something else than digests, e-mails and advertising ids.
_FREE_TEXT_LISTS = ("LR_ID", "DLX_ID", "HASHED_PINNER_ID")

_LINES = """
CREATE VIEW lines AS SELECT batch, op[1] = 'A' AS is_add, op[2] AS place, token FROM read_csv(?,
    delim = '\t', quote = '', escape = '', header = false, auto_detect = false, null_padding = false,
    ignore_errors = true, max_line_size = 4000000,
    columns = {'batch': 'UINTEGER', 'op': 'VARCHAR', 'token': 'VARCHAR'})
WHERE batch <= ?
"""
# One row per line of the log: which kind of member it names, and its digest as bytes.
_IDENTIFIERS = """
CREATE VIEW identifiers AS
SELECT batch, is_add, kind, CASE WHEN is_digest THEN unhex(token) ELSE unhex(sha256(plain)) END AS digest FROM (
    SELECT *, CASE
        WHEN place = 'x' THEN 'external_id'
        WHEN place = 'l' THEN 'liveramp_envelope'
        WHEN is_digest THEN CASE place
            WHEN 'r' THEN $list_kind WHEN 'e' THEN 'email' WHEN 'm' THEN 'maid' WHEN 'p' THEN 'phone'
            ELSE 'pinner_id' END
        WHEN place IN ('r', 'e') AND contains(token, '@') THEN 'email'
        WHEN place IN ('r', 'm') AND is_device THEN 'maid'
        WHEN place = 'r' AND $is_free_text THEN $list_kind
        ELSE 'invalid' END AS kind
    FROM (
        SELECT *,
            length(token) IN (32, 40, 64) AND regexp_full_match(token, '[0-9a-fA-F]+') AS is_digest,
            length(token) = 36
                AND regexp_full_match(token, '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}') AS is_device,
            CASE WHEN contains(token, '@') AND NOT $strict_email_case THEN lower(token) ELSE token END AS plain
        FROM lines))
"""

# Within one batch all operations are alike, so the batch's number with the operation as lowest bit puts them in order.
_COPY = """
COPY (SELECT kind || ' ' || lower(hex(digest)) FROM identifiers GROUP BY kind, digest
      HAVING max(batch::UBIGINT * 2 + is_add::UTINYINT) % 2 = 1 ORDER BY kind, digest)
TO ? (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER ',')
"""


def write(world: World, row: sqlite3.Row, target: Path) -> int:
    """Write the sorted lines `kind digest` of a list's members to target; returns how many.

    The last operation on an identifier decides. A plain e-mail or advertising id counts as its SHA-256;
    what can be nothing of the sort is listed as kind "invalid" under the SHA-256 of its text.
    """
    log = world.list_log(row["id"])
    with _connection(world.config.data_dir) as db:
        values: dict[str, str | bool] = {
            "list_kind": KIND_OF_LIST[row["list_type"]],
            "is_free_text": row["list_type"] in _FREE_TEXT_LISTS,
            "strict_email_case": world.options.strict_email_case,
        }
        db.execute(_filled(_LINES, str(log), row["num_batches"]))
        db.execute(_named(_IDENTIFIERS, values))
        _refuse_lost_lines(db, row["log_lines"])
        copied = db.execute(_filled(_COPY, str(target))).fetchone()
    count = int(copied[0]) if copied else 0
    world.distinct_members[row["id"]] = (row["num_batches"], count)
    return count


def distinct(world: World, row: sqlite3.Row) -> int | None:
    """How many members the list has, or None when working it out would take long and nobody has done so yet."""
    batches, count = world.distinct_members.get(row["id"], (0, 0))
    if batches == row["num_batches"]:
        return count
    if row["log_lines"] > QUICK_LINES:
        return None
    target = target_for(world, row["id"])
    try:
        return write(world, row, target)
    finally:
        target.unlink(missing_ok=True)


def target_for(world: World, list_id: int) -> Path:
    """A new name for a file of members."""
    return world.config.data_dir / f"members-{list_id}-{secrets.token_hex(8)}.txt"


def _refuse_lost_lines(db: duckdb.DuckDBPyConnection, expected: int) -> None:
    """Raise RuntimeError unless the log holds exactly the lines that were counted when they came."""
    found = db.execute("SELECT count(*) FROM lines").fetchone()
    if not found or found[0] != expected:
        raise RuntimeError("The log of the customer list is damaged: it does not hold what was counted.")


def _filled(sql: str, *values: str | int) -> str:
    """Views and COPY take no parameters: put quoted literals in place of the question marks."""
    parts = sql.split("?")
    return "".join(part + (_literal(values[place]) if place < len(values) else "") for place, part in enumerate(parts))


def _named(sql: str, values: dict[str, str | bool]) -> str:
    for name, value in values.items():
        sql = sql.replace(f"${name}", _literal(value))
    return sql


def _literal(value: str | int | bool) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value).lower()


@contextmanager
def _connection(data_dir: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    spill = tempfile.mkdtemp(prefix="spill-", dir=data_dir)
    db = duckdb.connect(
        config={
            "memory_limit": MEMORY_LIMIT,
            "threads": THREADS,
            "temp_directory": spill,
            "preserve_insertion_order": False,
        }
    )
    try:
        yield db
    finally:
        db.close()
        shutil.rmtree(spill, ignore_errors=True)
