"""Erases people from every list of a workspace, and keeps at it until each list has acknowledged it.

From the commit of a request on, no run that begins to prepare sends the identifiers. What was prepared before may still
do so, and is therefore waited for: a list is done when no run is active on it and its ledger holds none of them.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache

import duckdb
from django.db import Error as AnyDatabaseError
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from audiences.ledger import LedgerBroken
from audiences.models import Audience, Erasure, Removal, RemovalState, Run, Tombstone
from audiences.people import displacing, removing
from audiences.people.members import Wanted
from audiences.pipeline.plan import is_disk_full
from audiences.states import RunState
from pinconnect.alerts.services import raise_alert, resolve_alert
from pinconnect.identifiers.masking import mask_digest
from pinconnect.queue import hints, leases
from pinconnect.queue.budget import TimeBudget
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User, Workspace

logger = logging.getLogger(__name__)

TELL_AFTER = timedelta(hours=1)
# A hint may wait in the queue for a while; more of them would not bring it forward.
HINT_AGAIN_AFTER = timedelta(seconds=30)
# The queue gives a task a minute: whoever works for longer is killed, and the lease has not run out by then.
BUDGET_S, LEASE_S = 15.0, 90.0
_AT_ONCE = 100


class UnreadableError(Exception):
    """Who is on the list cannot be read. code: why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def request(workspace: Workspace, *, by: User | None, wanted: Sequence[Wanted], reference: str = "") -> Erasure:
    """Write down what is never sent again, and begin to take it off every list."""
    with transaction.atomic():
        # One after the other, so that of two in a workspace the later one has the higher id: see tombstones.newest().
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
        erasure = Erasure.objects.create(
            workspace=workspace, requested_by=by, reference=" ".join(reference.split()), hinted_at=timezone.now()
        )
        Tombstone.objects.bulk_create(
            Tombstone(erasure=erasure, wire_kind=one.wire_kind, digest=one.digest) for one in sorted(set(wanted))
        )
        shown = [mask_digest(one.digest) for one in sorted(set(wanted))[:20]]
        audit.record(
            "erasure.requested", erasure, workspace=workspace, by=by, identifiers=len(set(wanted)), digests=shown
        )
        hints.enqueue("audiences.tasks.erase", erasure.pk)
    return erasure


def hint_open() -> int:
    """Erasures that can be brought forward now and that the queue does not know of; returns how many were hinted."""
    now = timezone.now()
    # A moment to come: the clock was set back since.
    stale = Q(hinted_at__lte=now - HINT_AGAIN_AFTER) | Q(hinted_at__gt=now + HINT_AGAIN_AFTER)
    unhinted = Erasure.objects.due(now).filter(Q(hinted_at=None) | stale, leases.is_free(now))
    in_turn = unhinted.order_by(F("hinted_at").asc(nulls_first=True), "pk")
    found = [int(pk) for pk in in_turn.values_list("pk", flat=True)[:_AT_ONCE]]
    Erasure.objects.filter(pk__in=found).update(hinted_at=now)
    for pk in found:
        hints.enqueue("audiences.tasks.erase", pk)
    return len(found)


def work(erasure_id: int) -> int:
    """Bring an erasure forward on every list whose time has come; returns how many have not acknowledged it.

    Safe to run at any time: one task at a time works on an erasure, and what it has no time for it leaves to the next.
    """
    waiting = Removal.objects.filter(erasure=erasure_id, state=RemovalState.WAITING)
    token = leases.claim(Erasure.objects.open(), pk=erasure_id, lease_s=LEASE_S)
    if token is None:
        return waiting.count()
    erasure = Erasure.objects.select_related("workspace").get(pk=erasure_id)
    is_through = True
    try:
        is_through = _go_through(erasure, TimeBudget(BUDGET_S))
        left = waiting.count()
        _tell(erasure, left)
    finally:
        hinted_at = None if is_through else timezone.now()
        leases.release(Erasure.objects.all(), pk=erasure_id, token=token, hinted_at=hinted_at)
    if not is_through:
        hints.enqueue("audiences.tasks.erase", erasure_id)
    return left


def _go_through(erasure: Erasure, budget: TimeBudget) -> bool:
    """Each list whose time has come, one at least; False when the time was not enough for all of them."""
    # The lists are looked for after the request was committed, so a list that comes later is one whose runs know of it.
    reached = _reached(erasure.workspace).exclude(removals__erasure=erasure)
    Removal.objects.bulk_create(
        [Removal(erasure=erasure, audience=audience) for audience in reached], ignore_conflicts=True
    )

    @cache
    def wanted() -> list[Wanted]:
        return [Wanted(one.wire_kind, bytes(one.digest)) for one in erasure.tombstones.all()]

    due = Removal.objects.filter(erasure=erasure).due(timezone.now()).select_related("run", "displaced", "audience")
    in_turn = list(due.order_by(F("next_attempt_at").asc(nulls_first=True), "pk"))
    for number, removal in enumerate(in_turn, start=1):
        _try(removal, wanted)
        if budget.is_spent and number < len(in_turn):
            return False
    return True


def _reached(workspace: Workspace) -> QuerySet[Audience]:
    """Lists that hold somebody or are about to."""
    active = Run.objects.active().filter(audience=OuterRef("pk"), is_dry_run=False)
    found = Audience.objects.for_workspace(workspace).annotate(is_active=Exists(active))
    reached: QuerySet[Audience] = found.filter(~Q(customer_list_id="") | Q(ledger_version__gt=0) | Q(is_active=True))
    return reached


def _try(removal: Removal, wanted: Callable[[], Sequence[Wanted]]) -> None:
    """Whatever is wrong with one list, the others have their turn, and somebody is told of this one."""
    try:
        _advance(removal, wanted)
    except AnyDatabaseError:
        raise
    except UnreadableError as error:
        # Its type alone: a message of the engine may quote whom it was asked for.
        kind = type(error.__cause__).__name__
        logger.warning("Who is on audience %s cannot be read (%s, %s).", removal.audience_id, error.code, kind)
        removing.put_off(removal, error.code)
    except Exception as error:
        logger.exception("Removal %s failed (%s)", removal.pk, type(error).__name__)
        removing.put_off(removal, "mistake")


def _advance(removal: Removal, wanted: Callable[[], Sequence[Wanted]]) -> None:
    active = Run.objects.active().filter(audience=removal.audience, is_dry_run=False)
    in_the_way = active.select_related("workspace", "audience", "delivery__profile", "delivery__standby").first()
    if in_the_way is not None and (code := displacing.in_the_way(removal, in_the_way)):
        removing.wait(removal, code)
        return
    # Read after nothing was active: what earlier runs delivered is in this version.
    audience = Audience.objects.get(pk=removal.audience_id)
    run = removal.run
    if run is not None:
        # Other lists may have had their turn for a while.
        run.refresh_from_db(fields=["state", "reason"])
    is_replaced = audience.list_state == "GONE" and not audience.deliveries.exists()
    if is_replaced or (run is not None and run.state == RunState.FAILED and run.reason == "list_gone"):
        _acknowledge(removal, RemovalState.GONE)
        return
    # Noted first: a list that takes too long to read, and whose task is killed for it, is not the first one again.
    removing.wait(removal, removal.waits_for)
    members = _read(removal, audience, wanted())
    if not members:
        _acknowledge(removal, RemovalState.REMOVED if run is not None else RemovalState.ABSENT)
    elif removal.waits_for == "removing" and removal.next_attempt_at and removal.next_attempt_at > timezone.now():
        # Its run is through and has not removed everybody: the next one comes at its time.
        removing.note(removal, "removal_refused", next_attempt_at=removal.next_attempt_at)
    else:
        removing.start(removal, audience, members)


def _read(removal: Removal, audience: Audience, wanted: Sequence[Wanted]) -> list[Wanted]:
    """Whom the list holds, or may hold. Raises UnreadableError."""
    try:
        return removing.whom(removal, audience, wanted)
    except AnyDatabaseError:
        raise
    except (LedgerBroken, duckdb.Error) as error:
        raise UnreadableError("ledger_broken") from error
    except Exception as error:
        raise UnreadableError("ledger_no_room" if is_disk_full(error) else "ledger_away") from error


def _acknowledge(removal: Removal, state: str) -> None:
    with transaction.atomic():
        mine = Removal.objects.filter(pk=removal.pk, state=RemovalState.WAITING)
        if not mine.update(state=state, waits_for="", acknowledged_at=timezone.now(), next_attempt_at=None):
            return
        if not displacing.start_again(removal):
            logger.info("Run %s is started again when its delivery may run.", removal.displaced_id)


def _tell(erasure: Erasure, waiting: int) -> None:
    """Close the erasure when every list has acknowledged it; say so when one takes long."""
    subject = f"erasure:{erasure.pk}"
    with transaction.atomic():
        if not waiting:
            if Erasure.objects.open().filter(pk=erasure.pk).update(completed_at=timezone.now()):
                audit.record("erasure.completed", erasure, workspace=erasure.workspace, by=None)
            resolve_alert(erasure.workspace, "audiences.erasure_waiting", subject)
        elif erasure.requested_at <= timezone.now() - TELL_AFTER:
            raise_alert(
                erasure.workspace,
                "audiences.erasure_waiting",
                subject,
                slug=erasure.workspace.slug,
                erasure_id=erasure.pk,
                waiting=waiting,
                lists=erasure.removals.count(),
            )
