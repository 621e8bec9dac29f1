"""Erases people from every list of a workspace, and keeps at it until each list has acknowledged it.

From the commit of a request on, no run that begins to prepare sends the identifiers. What was prepared before may still
do so, and is therefore waited for: a list is done when no run is active on it and its ledger holds none of them.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, Max, OuterRef, Q
from django.utils import timezone

from audiences import hinting
from audiences.models import Audience, Delivery, DeliveryColumn, Erasure, Removal, RemovalState, Run, Tombstone, Trigger
from audiences.people import tombstones
from audiences.people.lookup import Wanted, gone_of, members_of
from audiences.people.parts import Parts
from audiences.services import endings, runs
from audiences.services.plan import choose_wire
from audiences.services.refusals import ServiceRefusal
from audiences.states import DeliveryState, RunState
from pinconnect.alerts.services import raise_alert, resolve_alert
from pinconnect.identifiers import kinds
from pinconnect.identifiers.masking import mask_digest
from pinconnect.queue import hints
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User, Workspace

logger = logging.getLogger(__name__)

LONGEST_WAIT_S = 900.0
TELL_AFTER = timedelta(hours=1)
_AT_ONCE = 100


def request(workspace: Workspace, *, by: User | None, wanted: Sequence[Wanted], reference: str = "") -> Erasure:
    """Write down what is never sent again, and begin to take it off every list."""
    with transaction.atomic():
        erasure = Erasure.objects.create(workspace=workspace, requested_by=by, reference=" ".join(reference.split()))
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
    """Erasures that are not acknowledged everywhere; returns how many were hinted."""
    found = list(Erasure.objects.open().order_by("pk").values_list("pk", flat=True)[:_AT_ONCE])
    for pk in found:
        hints.enqueue("audiences.tasks.erase", int(pk))
    return len(found)


def work(erasure_id: int) -> int:
    """Bring an erasure forward on every list; returns how many have not acknowledged it. Safe to run at any time."""
    erasure = Erasure.objects.open().select_related("workspace").filter(pk=erasure_id).first()
    if erasure is None:
        return 0
    # The lists are looked for after the request was committed, so a list that comes later is one whose runs know of it.
    for audience in _reached(erasure.workspace):
        Removal.objects.get_or_create(erasure=erasure, audience=audience)
    wanted = [Wanted(one.wire_kind, bytes(one.digest)) for one in erasure.tombstones.all()]
    for removal in erasure.removals.filter(state=RemovalState.WAITING).select_related("run", "displaced", "audience"):
        _advance(removal, wanted)
    waiting = erasure.removals.filter(state=RemovalState.WAITING).count()
    _tell(erasure, waiting)
    return waiting


def _reached(workspace: Workspace) -> list[Audience]:
    """Lists that hold somebody or are about to."""
    active = Run.objects.active().filter(audience=OuterRef("pk"), is_dry_run=False)
    found = Audience.objects.for_workspace(workspace).annotate(is_active=Exists(active))
    return list(found.filter(~Q(customer_list_id="") | Q(ledger_version__gt=0) | Q(is_active=True)))


def _advance(removal: Removal, wanted: Sequence[Wanted]) -> None:
    active = Run.objects.active().filter(audience=removal.audience, is_dry_run=False).select_related("delivery").first()
    if active is not None and not _makes_way(removal, active):
        return
    # Read after nothing was active: what earlier runs delivered is in this version.
    audience = Audience.objects.get(pk=removal.audience_id)
    run = removal.run
    is_replaced = audience.list_state == "GONE" and not audience.deliveries.exists()
    if is_replaced or (run is not None and run.state == RunState.FAILED and run.reason == "list_gone"):
        _acknowledge(removal, RemovalState.GONE)
        return
    members = _to_remove(audience, wanted)
    if not members:
        _acknowledge(removal, RemovalState.REMOVED if run is not None else RemovalState.ABSENT)
    elif removal.next_attempt_at is None or removal.next_attempt_at <= timezone.now():
        _start(removal, audience, members)


def _to_remove(audience: Audience, wanted: Sequence[Wanted]) -> list[Wanted]:
    """Who is on the list, or may be: of a list that others have filled it is known only who is gone.

    A draft has not written to its list, and nobody has asked for that yet.
    """
    with Parts() as parts:
        members = members_of(parts, [audience], wanted)[audience.pk] if audience.ledger_version else []
        if not audience.is_existing or not audience.deliveries.filter(published_at__isnull=False).exists():
            return members
        gone = gone_of(parts, audience, wanted)
    held = {kind for kind, count in audience.ledger_members.items() if count}
    # What says by itself which kind it is can be on any list, but for those of kinds that cannot.
    possible = set(kinds.ROW_FIELDS) if held <= set(kinds.ROW_FIELDS) else held
    strangers = {one for one in wanted if one.wire_kind in possible} - set(gone)
    return sorted(strangers.union(members))


def _makes_way(removal: Removal, active: Run) -> bool:
    """Whether nothing is in the way any more. A held run has sent nothing and may wait for a person for weeks."""
    if active.pk == removal.run_id:
        _note(removal, active.reason or "removing")
        return False
    if active.state != RunState.HELD:
        _note(removal, "run_first")
        return False
    with transaction.atomic():
        if not endings.end_idle(active, to=RunState.CANCELLED, code="erasure_first"):
            return False
        Removal.objects.filter(pk=removal.pk).update(displaced=active)
    removal.displaced = active
    return True


def _acknowledge(removal: Removal, state: str) -> None:
    with transaction.atomic():
        mine = Removal.objects.filter(pk=removal.pk, state=RemovalState.WAITING)
        if not mine.update(state=state, waits_for="", acknowledged_at=timezone.now(), next_attempt_at=None):
            return
        displaced = removal.displaced
        if displaced is None:
            return
        try:
            runs.start(displaced.delivery, by=displaced.started_by, trigger=displaced.trigger)
        except ServiceRefusal as refusal:
            logger.info("Run %s is not started again: %s", displaced.pk, refusal.code)


def _start(removal: Removal, audience: Audience, members: Sequence[Wanted]) -> None:
    """A run that removes what the list holds of the erasure, through the ordinary machinery."""
    delivery = _speaker(audience)
    if delivery is None:
        _note(removal, "no_delivery")
        return
    wait = timedelta(seconds=min(LONGEST_WAIT_S, 30.0 * 2 ** min(removal.attempts, 10)))
    try:
        with transaction.atomic():
            delivery = Delivery.objects.select_for_update().get(pk=delivery.pk)
            plan = _plan(removal, delivery, audience, members)
            run = Run.objects.create(
                workspace=delivery.workspace,
                delivery=delivery,
                audience=audience,
                number=(delivery.runs.aggregate(last=Max("number"))["last"] or 0) + 1,
                trigger=Trigger.ERASURE,
                plan=plan,
                is_large=hinting.is_large(plan, audience),
            )
            Removal.objects.filter(pk=removal.pk).update(
                run=run, waits_for="removing", attempts=F("attempts") + 1, next_attempt_at=timezone.now() + wait
            )
            audit.record("run.started", run, workspace=run.workspace, by=None, trigger=Trigger.ERASURE)
            hinting.prepare(run)
    except IntegrityError:
        # Another run was faster: it knows of the erasure, and this one comes after it.
        _note(removal, "run_first")
    except ServiceRefusal as refusal:
        _note(removal, refusal.code)


def _speaker(audience: Audience) -> Delivery | None:
    """The delivery in whose name Pinterest is asked; one that is archived will do when there is no other."""
    found = Delivery.objects.filter(audience=audience).exclude(profile=None).select_related("profile", "workspace")
    order = (DeliveryState.ACTIVE, DeliveryState.PAUSED, DeliveryState.ARCHIVED, DeliveryState.DRAFT)
    usable = sorted(found, key=lambda one: (not (one.profile and one.profile.is_usable), order.index(one.state)))
    return usable[0] if usable else None


def _plan(removal: Removal, delivery: Delivery, audience: Audience, members: Sequence[Wanted]) -> dict[str, object]:
    held = sorted(kind for kind, count in audience.ledger_members.items() if count)
    try:
        wire = choose_wire(delivery.columns.all(), audience)
    except ServiceRefusal:
        # The delivery's columns were changed to what the list cannot take; what is on it can be removed all the same.
        wire = choose_wire([DeliveryColumn(column=kind, kind=kind) for kind in held], audience)
    mapped = sorted({one.wire_kind for one in members})
    return {
        tombstones.KEY: removal.erasure_id,
        "snapshots": [],
        "source_bytes": 0,
        "columns": [{"column": kind, "kind": kind, "treatment": "any_hash", "default_country": ""} for kind in mapped],
        "mode": "remove",
        "wire": {"shape": wire.shape, "list_type": wire.list_type},
        "limits": {"records": settings.BATCH_RECORDS, "bytes": settings.BATCH_BYTES},
        "ledger_version": audience.ledger_version,
        **({"takes_strangers": True} if audience.is_existing else {}),
    }


def _note(removal: Removal, code: str) -> None:
    Removal.objects.filter(pk=removal.pk, state=RemovalState.WAITING).update(waits_for=code)


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
