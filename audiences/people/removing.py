"""The runs that take people off a list, for one erasure and one list each, through the ordinary machinery."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils import timezone

from audiences import hinting
from audiences.models import Audience, Delivery, DeliveryColumn, Removal, RemovalState, Run, Trigger
from audiences.people import strangers, tombstones
from audiences.people.members import Wanted, gone_of, members_of
from audiences.people.parts import Parts
from audiences.services.plan import choose_wire
from audiences.services.refusals import ServiceRefusal
from audiences.states import DeliveryState, RunState
from pinconnect.identifiers import kinds
from pinconnect.workspaces import audit

# So long until it is looked at again whether something is still in the way, if nothing was heard of it before.
LOOK_AGAIN_S = 60.0
_FIRST_WAIT_S, _LONGEST_WAIT_S = 30.0, 900.0


def whom(removal: Removal, audience: Audience, wanted: Sequence[Wanted]) -> list[Wanted]:
    """Who is on the list, or may be: who is on a list that others write to as well is not known.

    Nor is it known whether they have put back whom Pinterest removed for us before. So everybody is asked for, until
    a run of this very removal has done so.
    """
    with Parts() as parts:
        members = members_of(parts, [audience], wanted)[audience.pk] if audience.ledger_version else []
        if not strangers.may_be_on(audience):
            return members
        has_asked = removal.run is not None and removal.run.state == RunState.DONE
        gone = gone_of(parts, audience, wanted) if has_asked else []
    held = {kind for kind, count in audience.ledger_members.items() if count}
    # What says by itself which kind it is can be on any list, but for those of kinds that cannot.
    possible = set(kinds.ROW_FIELDS) if held <= set(kinds.ROW_FIELDS) else held
    unknown = {one for one in wanted if one.wire_kind in possible} - set(gone)
    return sorted(unknown.union(members))


def start(removal: Removal, audience: Audience, members: Sequence[Wanted]) -> None:
    """A run that removes what the list holds of the erasure."""
    delivery = _speaker(audience)
    if delivery is None:
        wait(removal, "no_delivery")
        return
    try:
        with transaction.atomic():
            delivery = Delivery.objects.select_for_update().get(pk=delivery.pk)
            # Locked, as where any run begins: one that settled since the ledger was read has put another in its place.
            locked = Audience.objects.select_for_update(no_key=True).get(pk=audience.pk)
            if locked.ledger_version != audience.ledger_version:
                wait(removal, "run_first")
                return
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
            put_off(removal, "removing", run=run)
            audit.record("run.started", run, workspace=run.workspace, by=None, trigger=Trigger.ERASURE)
            hinting.prepare(run)
    except IntegrityError:
        # Another run was faster: it knows of the erasure, and this one comes after it.
        wait(removal, "run_first")
    except ServiceRefusal as refusal:
        wait(removal, refusal.code)


def note(removal: Removal, code: str, **changes: object) -> None:
    """What the removal waits for."""
    Removal.objects.filter(pk=removal.pk, state=RemovalState.WAITING).update(waits_for=code, **changes)


def wait(removal: Removal, code: str) -> None:
    """Something is in the way that may be gone in a moment."""
    note(removal, code, next_attempt_at=timezone.now() + timedelta(seconds=LOOK_AGAIN_S))


def put_off(removal: Removal, code: str, **changes: object) -> None:
    """An attempt was made: the next one comes after half a minute at first, and a quarter of an hour at most."""
    seconds = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** min(removal.attempts, 10))
    again = timezone.now() + timedelta(seconds=seconds)
    note(removal, code, attempts=F("attempts") + 1, next_attempt_at=again, **changes)


def _speaker(audience: Audience) -> Delivery | None:
    """The delivery in whose name Pinterest is asked; one that is archived will do when there is no other."""
    found = Delivery.objects.filter(audience=audience).exclude(profile=None).select_related("profile", "workspace")
    order = (DeliveryState.ACTIVE, DeliveryState.PAUSED, DeliveryState.ARCHIVED, DeliveryState.DRAFT)
    usable = sorted(found, key=lambda one: (not (one.profile and one.profile.is_usable), order.index(one.state)))
    return usable[0] if usable else None


def _plan(removal: Removal, delivery: Delivery, audience: Audience, members: Sequence[Wanted]) -> dict[str, object]:
    held = sorted(kind for kind, count in audience.ledger_members.items() if count)
    mapped = sorted({one.wire_kind for one in members})
    has_strangers = strangers.may_be_on(audience)
    try:
        # Strangers may be of kinds that the delivery does not send.
        columns = _columns({*held, *mapped}) if has_strangers else delivery.columns.all()
        wire = choose_wire(columns, audience)
    except ServiceRefusal:
        # The delivery's columns were changed to what the list cannot take; what is on it can be removed all the same.
        wire = choose_wire(_columns(held), audience)
    return {
        tombstones.KEY: removal.erasure_id,
        "snapshots": [],
        "source_bytes": 0,
        "columns": [{"column": kind, "kind": kind, "treatment": "any_hash", "default_country": ""} for kind in mapped],
        "mode": "remove",
        "wire": {"shape": wire.shape, "list_type": wire.list_type},
        "limits": {"records": settings.BATCH_RECORDS, "bytes": settings.BATCH_BYTES},
        "ledger_version": audience.ledger_version,
        **({"takes_strangers": True, tombstones.ASKS_AGAIN: True} if has_strangers else {}),
    }


def _columns(codes: Iterable[str]) -> list[DeliveryColumn]:
    return [DeliveryColumn(column=kind, kind=kind) for kind in sorted(codes)]
