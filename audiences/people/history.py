"""Keeps what every run changed on a list, so that it can be said when and why an identifier came or left.

A folder of changes holds Parquet files of (wire_kind UTINYINT, h BLOB, run BIGINT, is_removal BOOLEAN), spread over
sub-folders p=<first hexadecimal digits of h>, or p=all when there are few. Runs of one list never overlap, so the order
of their ids is the order in which they changed it. An ADD of what was there already may be among the changes: whoever
reads them knows better.
"""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from django.conf import settings
from django.db import transaction
from django.db.models import Count

from audiences import files
from audiences.ledger import Range, coalesced
from audiences.models import Audience, Changes, Run
from audiences.people.parts import Parts
from audiences.pipeline.plan import PipelineError
from audiences.pipeline.sequences import read_index
from audiences.pipeline.session import Session
from pinconnect.identifiers.columnar import quote
from pinconnect.queue import hints

# Up to so many entries a look-up reads all of them without anybody noticing.
_FEW, _MANY = 100_000, 4_000_000
_QUERIES_AT_ONCE = 200
_HINTS_AT_ONCE = 100
# A look-up opens one file per folder, so small folders are put together when there are this many.
MERGE_FROM = 50


@dataclass(frozen=True)
class Written:
    """A folder of changes that no row points to yet."""

    folder: str
    width: int
    entries: int


def name(audience: Audience, folder: str) -> str:
    """Where a folder of changes is in storage."""
    return f"workspaces/{audience.workspace_id}/history/{audience.pk}/{folder}"


def part(width: int, digest: bytes) -> str:
    """The sub-folder that holds a digest."""
    return f"p={digest.hex()[:width] if width else 'all'}"


def write(run: Run, audience: Audience, workdir: Path, acknowledged: Iterable[Range], version: int) -> Written:
    """Write down what the run changed; keep() makes it count. version: the ledger version that the changes lead to."""
    index, batches = read_index(workdir), list(acknowledged)
    queries = [
        f"SELECT k AS wire_kind, h, {run.pk}::BIGINT AS run, {flag} AS is_removal "
        f"FROM ({index.identifiers(operation, first, end)})"
        for operation, flag in (("ADD", "false"), ("REMOVE", "true"))
        for first, end in coalesced(batches, operation)
    ]
    entries = sum(batch.count for batch in batches)
    return _write(audience, str(version), queries, entries * max(1, len(index.wire_kinds)))


def keep(audience: Audience, written: Written) -> None:
    """Let the changes count. Call it in the transaction that switches the ledger."""
    Changes.objects.create(audience=audience, folder=written.folder, width=written.width, entries=written.entries)


def merge(audience_id: int) -> int:
    """Put the small folders of a list together into one; returns how many went. Safe to run twice at once."""
    audience = Audience.objects.get(pk=audience_id)
    small = list(Changes.objects.filter(audience=audience, entries__lte=_FEW).order_by("pk"))
    if len(small) < MERGE_FROM:
        return 0
    # A name of its own, so that two workers never write to one folder.
    target = f"to-{small[-1].pk}-{token_hex(4)}"
    try:
        with Parts() as parts:
            queries = [
                f"SELECT * FROM {rows_of(parts.whole(name(audience, one.folder)), '*')}" for one in small if one.entries
            ]
            written = _write(audience, target, queries, sum(one.entries for one in small))
    except PipelineError:
        files.remove(name(audience, target))
        if _count(small) == len(small):
            raise
        # Somebody else has merged them meanwhile.
        return 0
    with transaction.atomic():
        gone, _ = Changes.objects.filter(pk__in=[one.pk for one in small]).delete()
        is_mine = gone == len(small)
        if is_mine:
            keep(audience, written)
        else:
            transaction.set_rollback(True)
    for folder in [one.folder for one in small] if is_mine else [target]:
        files.remove(name(audience, folder))
    return len(small) if is_mine else 0


def _count(changes: Sequence[Changes]) -> int:
    return Changes.objects.filter(pk__in=[one.pk for one in changes]).count()


def hint_merges() -> int:
    """Lists that many small runs have changed; returns how many were hinted."""
    small = Changes.objects.filter(entries__lte=_FEW).order_by().values("audience").annotate(folders=Count("pk"))
    many = [int(found["audience"]) for found in small.filter(folders__gte=MERGE_FROM)[:_HINTS_AT_ONCE]]
    for audience_id in many:
        hints.enqueue("audiences.tasks.merge_changes", audience_id)
    return len(many)


def rows_of(folder: Path, part: str) -> str:
    """The rows of a sub-folder of changes as something to select from."""
    return f"read_parquet({quote(str(folder / part / '*.parquet'))}, hive_partitioning = false)"


def _write(audience: Audience, folder: str, queries: Sequence[str], at_most: int) -> Written:
    width = 0 if at_most <= _FEW else 1 if at_most <= _MANY else 2
    stored = name(audience, folder)
    try:
        entries = _copy_all(queries, width, files.new_folder(stored))
        files.store(stored)
    except Exception:
        # Whoever tries again takes another folder, and on a full disk half of this one is in the way.
        files.remove(stored)
        raise
    return Written(folder, width, entries)


def _copy_all(queries: Sequence[str], width: int, target: Path) -> int:
    """Write what the queries give into the sub-folders of target; returns how many entries."""
    place = f"substr(lower(hex(h[1:1])), 1, {width})" if width else "'all'"
    entries = 0
    memory, threads = settings.ENGINE_MEMORY_MB, settings.ENGINE_THREADS
    with Session(target / ".spill", memory_limit_mb=memory, threads=threads) as session:
        for group, start in enumerate(range(0, len(queries), _QUERIES_AT_ONCE)):
            query = " UNION ALL ".join(queries[start : start + _QUERIES_AT_ONCE])
            entries += session.value(
                f"COPY (SELECT *, {place} AS p FROM ({query})) TO {quote(str(target))} (FORMAT parquet, "
                f"COMPRESSION uncompressed, PARTITION_BY (p), WRITE_PARTITION_COLUMNS false, OVERWRITE_OR_IGNORE true, "
                f"FILENAME_PATTERN 'group{group}_{{i}}')"
            )
    return entries
