"""Where an identifier is: on which lists of a workspace, since when and through which run, and where it was.

Both ledger and history are written when a run is settled. What one that is being sent has brought so far neither knows,
so the lists that have such a run are named too.
"""

# SQL is put together from our own expressions and names; every value in it went through quote().
# ruff: noqa: S608

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import duckdb
from django.db import Error as AnyDatabaseError

from audiences import ledger
from audiences.models import Audience, Changes, Delivery, DeliveryColumn, Run
from audiences.people import history
from audiences.people.members import Wanted, members_of, rows_of
from audiences.people.parts import Parts
from audiences.states import RunState
from pinconnect.datasets.models import Snapshot
from pinconnect.identifiers import kinds, texts
from pinconnect.queue.budget import TimeBudget
from pinconnect.workspaces.models import Workspace

logger = logging.getLogger(__name__)

_ATTEMPTS = 3
# So long the lists are read one by one where something cannot be read; somebody waits for the answer.
_ONE_BY_ONE_S = 10.0
# Pinterest may hold people of these that no ledger shows. A held run is not among them: it has sent nothing.
_UNSETTLED = (RunState.UPLOADING, RunState.SETTLING)
_Changed = list[tuple[Wanted, int, bool]]


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
    """A list that holds it now or has held it, that is being sent to, or of which nobody can say.

    members: which of the wanted its ledger names. events: newest first. run: the one that is under way there.
    is_readable: whether its ledger and history are there.
    """

    audience: Audience
    deliveries: tuple[Delivery, ...]
    members: tuple[Wanted, ...]
    events: tuple[Event, ...]
    run: Run | None = None
    is_readable: bool = True

    @property
    def is_known(self) -> bool:
        """Whether it is on the list or was; if not, all there is to say is that nobody knows, and why."""
        return bool(self.members or self.events)

    @property
    def is_gone(self) -> bool:
        """Whether Pinterest has the list no more; then its ledger says who was on it at the end."""
        return bool(self.audience.list_state == "GONE")

    @property
    def is_member(self) -> bool:
        return bool(self.members) and not self.is_gone

    @property
    def hashes(self) -> str:
        """Which hashes it is on the list as: SHA-256, or MD5 and SHA-1 where those were passed on."""
        return " and ".join(dict.fromkeys(texts.HASHES[2 * len(one.digest)] for one in self.members))

    @property
    def since(self) -> datetime | None:
        """When it last came or left; None when that was before changes were kept."""
        return self.events[0].at if self.events else None


@dataclass
class _Found:
    """What ledgers and histories say, by the audience's id. unreadable: of which lists they could not be read."""

    members: dict[int, list[Wanted]] = field(default_factory=dict)
    changes: dict[int, _Changed] = field(default_factory=dict)
    unreadable: set[int] = field(default_factory=set)


def usual_country(workspace: Workspace) -> str:
    """The default country of the workspace's deliveries of phone numbers, if all have the same; "" otherwise."""
    columns = DeliveryColumn.objects.filter(delivery__workspace=workspace, kind="phone").exclude(default_country="")
    found = set(columns.values_list("default_country", flat=True))
    return str(found.pop()) if len(found) == 1 else ""


def look_up(workspace: Workspace, wanted: Iterable[Wanted]) -> list[Place]:
    """Every list of the workspace that holds any of these now, then those that have held it.

    Of the latter, lists that a run is being sent to come last, and after them those of which nothing but that is known,
    or not even that because their ledger cannot be read.
    """
    sought = sorted(set(wanted))
    for attempt in range(1, _ATTEMPTS + 1):
        # Asked for before the ledgers are: what is settled in between is found in them.
        under_way = _under_way(workspace)
        audiences, kept = _state(workspace)
        read = _read(audiences, kept, sought, is_last=attempt == _ATTEMPTS)
        # A run that settled meanwhile has put another version in the place of what was read.
        if read is not None and _versions(*_state(workspace)) == _versions(audiences, kept):
            break
    assert read is not None  # noqa: S101 -- the last attempt always answers
    return sorted(_places(read, under_way, audiences), key=_rank)


def _places(read: _Found, under_way: dict[int, Run], audiences: Sequence[Audience]) -> list[Place]:
    events = _events(read.changes)
    # A first run has no ledger yet.
    sent_to = [run.audience for run in under_way.values() if run.audience]
    listed = {audience.pk: audience for audience in (*sent_to, *audiences)}
    deliveries = _deliveries(list(listed.values()))
    found = [
        Place(
            audience,
            deliveries[key],
            tuple(read.members.get(key, ())),
            events[key],
            under_way.get(key),
            key not in read.unreadable,
        )
        for key, audience in listed.items()
    ]
    return [place for place in found if place.is_known or place.run or not place.is_readable]


def _read(
    audiences: Sequence[Audience], kept: Sequence[Changes], sought: Sequence[Wanted], *, is_last: bool
) -> _Found | None:
    """All lists in one go, which is fast; the last time one by one if need be. None: to be tried again at once."""
    try:
        with Parts() as parts:
            return _Found(members_of(parts, audiences, sought), _changes(parts, audiences, kept, sought))
    except AnyDatabaseError:
        raise
    except (duckdb.Error, ledger.LedgerBroken):
        # A version may have been replaced and removed while it was read.
        return _read_one_by_one(audiences, kept, sought) if is_last else None
    except Exception as error:
        logger.exception("Ledgers of the workspace cannot be read (%s).", type(error).__name__)
        return _read_one_by_one(audiences, kept, sought)


def _read_one_by_one(audiences: Sequence[Audience], kept: Sequence[Changes], sought: Sequence[Wanted]) -> _Found:
    """What can be read; a list that is gone from Pinterest holds nobody, whatever became of its ledger."""
    found, budget = _Found(), TimeBudget(_ONE_BY_ONE_S)
    for audience in audiences:
        own = [one for one in kept if one.audience_id == audience.pk]
        read = None if budget.is_spent else _try_to_read(audience, own, sought)
        if read is not None:
            found.members.update(read.members)
            found.changes.update(read.changes)
        elif audience.list_state != "GONE":
            found.unreadable.add(audience.pk)
    return found


def _try_to_read(audience: Audience, kept: Sequence[Changes], sought: Sequence[Wanted]) -> _Found | None:
    try:
        with Parts() as parts:
            return _Found(members_of(parts, [audience], sought), _changes(parts, [audience], kept, sought))
    except AnyDatabaseError:
        raise
    except Exception as error:  # noqa: BLE001 -- storage may fail in any way, and the other lists are there
        logger.warning("The ledger of audience %s cannot be read (%s).", audience.pk, type(error).__name__)
        return None


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


def _changes(
    parts: Parts, audiences: Sequence[Audience], kept: Sequence[Changes], wanted: Sequence[Wanted]
) -> dict[int, _Changed]:
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
    found: dict[int, _Changed] = defaultdict(list)
    for audience_id, number, digest, run, is_removal in sorted(rows_of(queries), key=lambda row: row[3:]):
        found[audience_id].append((Wanted(kinds.WIRE_CODES[number], bytes(digest)), run, is_removal))
    return found


def _events(changes: dict[int, _Changed]) -> dict[int, tuple[Event, ...]]:
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
