"""Where an identifier is: on which lists of a workspace, since when and through which run, and where it was.

Both ledger and history are written when a run is settled. What one that is being sent has brought so far neither knows,
so the lists that have such a run are named too.
"""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from audiences import files, ledger
from audiences.models import Audience, Changes, Delivery, Run
from audiences.people import history
from audiences.people.parts import Parts
from audiences.states import RunState
from pinconnect.datasets.models import Snapshot
from pinconnect.identifiers import kinds, texts
from pinconnect.workspaces.models import Workspace

_QUERIES_AT_ONCE = 200
_ATTEMPTS = 3
# Pinterest may hold people of these that no ledger shows. A held run is not among them: it has sent nothing.
_UNSETTLED = (RunState.UPLOADING, RunState.SETTLING)


@dataclass(frozen=True, order=True)
class Wanted:
    """An identifier as lists hold it. digest: 32 bytes, or 20 or 16 for a SHA-1 or MD5 that was let through."""

    wire_kind: str
    digest: bytes


@dataclass(frozen=True)
class Event:
    """It came to the list or left it. snapshots: the data the run read, oldest first."""

    wanted: Wanted
    is_removal: bool
    run: Run
    at: datetime
    snapshots: tuple[Snapshot, ...]


@dataclass(frozen=True)
class Place:
    """A list that holds it now or has held it, or that is being sent to.

    members: which of the wanted are on it now. events: newest first. run: the one that is under way there.
    """

    audience: Audience
    deliveries: tuple[Delivery, ...]
    members: tuple[Wanted, ...]
    events: tuple[Event, ...]
    run: Run | None = None

    @property
    def is_known(self) -> bool:
        """Whether it is on the list or was; if not, all there is to say is that a run is under way."""
        return bool(self.members or self.events)

    @property
    def is_member(self) -> bool:
        return bool(self.members)

    @property
    def hashes(self) -> str:
        """Which hashes it is on the list as: SHA-256, or MD5 and SHA-1 where those were passed on."""
        return " and ".join(dict.fromkeys(texts.HASHES[2 * len(one.digest)] for one in self.members))

    @property
    def since(self) -> datetime | None:
        """When it last came or left; None when that was before changes were kept."""
        return self.events[0].at if self.events else None


def look_up(workspace: Workspace, wanted: Iterable[Wanted]) -> list[Place]:
    """Every list of the workspace that holds any of these now, then those that have held it.

    Of the latter, lists that a run is being sent to come last, and after them those of which nothing but that is known.
    """
    sought = sorted(set(wanted))
    for attempt in range(1, _ATTEMPTS + 1):
        # Asked for before the ledgers are: what is settled in between is found in them.
        under_way = _under_way(workspace)
        audiences, kept = _state(workspace)
        try:
            with Parts() as parts:
                members = members_of(parts, audiences, sought)
                changes = _changes(parts, audiences, kept, sought)
        except (duckdb.IOException, ledger.LedgerBroken):
            if attempt == _ATTEMPTS:
                raise
        else:
            # A run that settled meanwhile has put another version in the place of what was read.
            if _versions(*_state(workspace)) == _versions(audiences, kept):
                break
    events = _events(changes)
    # A first run has no ledger yet.
    sent_to = [run.audience for run in under_way.values() if run.audience]
    listed = {audience.pk: audience for audience in (*sent_to, *audiences)}
    deliveries = _deliveries(list(listed.values()))
    found = [
        Place(audience, deliveries[key], tuple(members[key]), events[key], under_way.get(key))
        for key, audience in listed.items()
        if members[key] or events[key] or key in under_way
    ]
    return sorted(found, key=_rank)


def _rank(place: Place) -> tuple[bool, bool, bool, str]:
    return not place.is_member, not place.is_known, bool(place.run and not place.is_member), place.audience.name


def _under_way(workspace: Workspace) -> dict[int, Run]:
    """The run that is being sent to each list, by the audience's id; a list has one at most."""
    runs = Run.objects.for_workspace(workspace).filter(state__in=_UNSETTLED)
    return {run.audience_id: run for run in runs.select_related("delivery", "audience__ad_account")}


def _state(workspace: Workspace) -> tuple[list[Audience], list[Changes]]:
    """The ledgers and changes that count at this moment."""
    audiences = Audience.objects.for_workspace(workspace).filter(ledger_version__gt=0).select_related("ad_account")
    return list(audiences), list(Changes.objects.filter(audience__in=audiences))


def _versions(audiences: Sequence[Audience], kept: Sequence[Changes]) -> tuple[list[tuple[int, int]], list[int]]:
    return [(audience.pk, audience.ledger_version) for audience in audiences], [one.pk for one in kept]


def members_of(parts: Parts, audiences: Sequence[Audience], wanted: Sequence[Wanted]) -> dict[int, list[Wanted]]:
    """Which of the wanted are on each list now, by the audience's id; one partition of each ledger is read."""
    return _in_ledgers(
        parts, {audience.pk: files.ledger_name(audience, audience.ledger_version) for audience in audiences}, wanted
    )


def gone_of(parts: Parts, audience: Audience, wanted: Sequence[Wanted]) -> list[Wanted]:
    """Which of the wanted Pinterest has acknowledged as removed from a list that others have filled too."""
    name = f"{files.ledger_name(audience, audience.ledger_version)}/{ledger.GONE}"
    if not audience.ledger_version or not (parts.with_file(name, ledger.MANIFEST) / ledger.MANIFEST).exists():
        return []
    return _in_ledgers(parts, {audience.pk: name}, wanted)[audience.pk]


def _in_ledgers(parts: Parts, names: Mapping[int, str], wanted: Sequence[Wanted]) -> dict[int, list[Wanted]]:
    """names: where the ledger is stored, by the audience's id."""
    queries = []
    for audience_id, name in names.items():
        stats = ledger.stats(parts.with_file(name, ledger.MANIFEST))
        for one in wanted:
            if stats.members.get(one.wire_kind):
                digest = one.digest.hex()
                for file in ledger.file_names(stats, digest):
                    path = parts.with_file(name, file)
                rows = ledger.partition(path, stats, digest)
                queries.append(f"SELECT {audience_id} AS a, wire_kind, h FROM ({rows})")
    found: dict[int, list[Wanted]] = defaultdict(list)
    for key, number, digest in _rows(queries):
        one = Wanted(kinds.WIRE_CODES[number], bytes(digest))
        if one in wanted:
            found[key].append(one)
    return found


def _changes(
    parts: Parts, audiences: Sequence[Audience], kept: Sequence[Changes], wanted: Sequence[Wanted]
) -> dict[int, list[tuple[Wanted, int, bool]]]:
    """(identifier, run, is_removal) in the order of the runs, by audience; what changed nothing is among them."""
    by_pk = {audience.pk: audience for audience in audiences}
    queries = []
    for one in kept:
        stored = history.name(by_pk[one.audience_id], one.folder)
        for sought in wanted:
            part = history.part(one.width, sought.digest)
            folder = parts.with_folder(stored, part)
            if (folder / part).is_dir():
                queries.append(
                    f"SELECT {one.audience_id} AS a, wire_kind, h, run, is_removal "
                    f"FROM {history.rows_of(folder, part)} "
                    f"WHERE h = unhex('{sought.digest.hex()}') AND wire_kind = {kinds.WIRE_NUMBERS[sought.wire_kind]}"
                )
    found: dict[int, list[tuple[Wanted, int, bool]]] = defaultdict(list)
    for audience_id, number, digest, run, is_removal in sorted(_rows(queries), key=lambda row: row[3:]):
        found[audience_id].append((Wanted(kinds.WIRE_CODES[number], bytes(digest)), run, is_removal))
    return found


def _rows(queries: Sequence[str]) -> list[tuple[Any, ...]]:
    """The rows of many small queries, asked for in few statements."""
    found: list[tuple[Any, ...]] = []
    if not queries:
        return found
    connection = duckdb.connect(":memory:", config={"threads": 2})
    try:
        for start in range(0, len(queries), _QUERIES_AT_ONCE):
            found += connection.execute(" UNION ALL ".join(queries[start : start + _QUERIES_AT_ONCE])).fetchall()
    finally:
        connection.close()
    return found


def _events(changes: dict[int, list[tuple[Wanted, int, bool]]]) -> dict[int, tuple[Event, ...]]:
    """Only what changed the list: an ADD of what is on it, or the end of what is not, is no event."""
    runs = Run.objects.select_related("delivery__dataset").in_bulk(
        {run for found in changes.values() for _, run, _ in found}
    )
    snapshots = Snapshot.objects.in_bulk({pk for run in runs.values() for pk in run.plan.get("snapshots", [])})
    events: dict[int, tuple[Event, ...]] = defaultdict(tuple)
    for audience_id, found in changes.items():
        present: set[Wanted] = set()
        kept = []
        for one, run_id, is_removal in found:
            if (one in present) != is_removal or run_id not in runs:
                continue
            (present.discard if is_removal else present.add)(one)
            run = runs[run_id]
            read = tuple(snapshots[pk] for pk in run.plan.get("snapshots", []) if pk in snapshots)
            kept.append(Event(one, is_removal, run, run.finished_at or run.created_at, read))
        events[audience_id] = tuple(reversed(kept))
    return events


def _deliveries(audiences: Sequence[Audience]) -> dict[int, tuple[Delivery, ...]]:
    found: dict[int, tuple[Delivery, ...]] = defaultdict(tuple)
    for delivery in Delivery.objects.filter(audience__in=audiences).select_related("dataset").order_by("pk"):
        found[delivery.audience_id] += (delivery,)
    return found
