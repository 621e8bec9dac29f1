"""The life of a delivery: published, paused, resumed, archived. Setting one up is in drafts.py and offered here too."""

import logging

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from audiences import hinting
from audiences.messages import reason
from audiences.models import Delivery, Run, Trigger
from audiences.services import runs, sharing, standby
from audiences.services.drafts import (
    STEPS,
    ColumnChoice,
    change_basics,
    create_draft,
    missing_steps,
    propose_columns,
    set_columns,
    set_profile,
    set_target,
)
from audiences.services.plan import pin
from audiences.services.refusals import ServiceRefusal
from audiences.states import DELIVERY_MOVES, DeliveryState, RunState
from pinconnect.alerts.services import raise_alert, resolve_alert
from pinconnect.lib import states
from pinconnect.profiles.models import Profile
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User

logger = logging.getLogger(__name__)

__all__ = [
    "ColumnChoice",
    "ServiceRefusal",
    "archive",
    "change_basics",
    "create_draft",
    "missing_steps",
    "pause",
    "pause_for_profile",
    "propose_columns",
    "publish",
    "resume",
    "resume_for_profile",
    "set_columns",
    "set_profile",
    "set_target",
]


def publish(delivery: Delivery, *, by: User | None, trigger: str = Trigger.PUBLISHED) -> Run:
    """Make a complete draft active and start its first run, both or neither."""
    with transaction.atomic():
        draft = _locked(delivery)
        if draft.state == DeliveryState.ARCHIVED:
            raise ServiceRefusal("archived", name=draft.name)
        if draft.state != DeliveryState.DRAFT:
            raise ServiceRefusal("not_a_draft", name=draft.name)
        missing = missing_steps(draft)
        if missing:
            raise ServiceRefusal("incomplete", name=draft.name, missing=" and ".join(STEPS[step] for step in missing))
        if draft.audience is not None:
            sharing.check(draft, draft.audience)
        _move(draft, DeliveryState.ACTIVE, published_at=timezone.now())
        audit.record("delivery.published", draft, workspace=draft.workspace, by=by)
        return runs.start(draft, by=by, trigger=trigger)


def pause(delivery: Delivery, *, by: User | None) -> None:
    """Nothing is sent any more until somebody resumes; a run under way waits where it is."""
    with transaction.atomic():
        active = _locked(delivery)
        if active.state != DeliveryState.ACTIVE:
            raise ServiceRefusal("not_active", name=active.name)
        _move(active, DeliveryState.PAUSED, pause_reason="", pause_token_version=None)
        _uploading(active).update(reason="paused", next_attempt_at=None)
        audit.record("delivery.paused", active, workspace=active.workspace, by=by)


def resume(delivery: Delivery, *, by: User | None) -> None:
    """Active again; a run that waited goes on."""
    with transaction.atomic():
        paused = _locked(delivery)
        if paused.state != DeliveryState.PAUSED:
            raise ServiceRefusal("not_paused", name=paused.name)
        if not any(profile is not None and profile.is_usable for profile in (paused.profile, paused.standby)):
            raise ServiceRefusal("needs_resume", name=paused.name)
        _go_on(paused, by=by)


def archive(delivery: Delivery, *, by: User | None) -> None:
    """The end of a delivery: a run under way is stopped; what is on the list at Pinterest stays there."""
    with transaction.atomic():
        old = _locked(delivery)
        if old.state == DeliveryState.ARCHIVED:
            raise ServiceRefusal("archived", name=old.name)
        _move(old, DeliveryState.ARCHIVED)
        # People are erased all the same.
        for run in Run.objects.filter(delivery=old).active().exclude(trigger=Trigger.ERASURE):
            runs.cancel(run, by=by, code="archived")
        for kind in ("audiences.delivery_paused", "audiences.run_failed"):
            resolve_alert(old.workspace, kind, f"delivery:{old.pk}")
        # Whoever else delivers into the list still has to know.
        if old.audience is not None and not Delivery.objects.live().filter(audience=old.audience).exists():
            for kind in ("list_gone", "too_small", "audience_missing", "still_matching"):
                resolve_alert(old.workspace, f"audiences.{kind}", f"audience:{old.audience.pk}")
        audit.record("delivery.archived", old, workspace=old.workspace, by=by)


def pause_for_profile(delivery: Delivery, code: str, *, refused: Profile | None = None) -> bool:
    """Pinterest refused the profile: the standby takes over, or the delivery pauses, says so, and its run waits.

    code: of messages.reason; refused: whom, if that is known. False when the run can go on: through the standby, or
    because the other of the two profiles speaks already and this refusal comes late.
    """
    with transaction.atomic():
        active = _locked(delivery)
        speaks = active.standby_id if active.standby_since else active.profile_id
        if refused is not None and refused.pk != speaks:
            return False
        if active.state == DeliveryState.ACTIVE and standby.take_over(active, code):
            return False
        # With both refused, what has to be put right is the first one; but nothing goes on by itself after a block.
        code = code if code == "flagged_as_spam" else active.main_refusal or code
        _uploading(active).update(reason=code, next_attempt_at=None)
        if active.state != DeliveryState.ACTIVE:
            return True
        _move(active, DeliveryState.PAUSED, pause_reason=code, **_refused_versions(active))
        words = reason(code)
        raise_alert(
            active.workspace,
            "audiences.delivery_paused",
            f"delivery:{active.pk}",
            slug=active.workspace.slug,
            delivery=active.name,
            delivery_id=active.pk,
            what=words.body,
            todo=words.next_step,
        )
        audit.record("delivery.paused", active, workspace=active.workspace, by=None, reason=code)
        return True


def _refused_versions(delivery: Delivery) -> dict[str, int | None]:
    """Whose tokens were refused: only newer ones are worth another try."""
    if delivery.standby_since and delivery.standby:
        return {"standby_token_version": delivery.standby.token_version}
    return {"pause_token_version": delivery.profile.token_version if delivery.profile else None}


def resume_for_profile(delivery: Delivery) -> bool:
    """A profile works again: go on, unless only a person may say so.

    What was missed goes out as one delta: by the run that waited, by the schedule, whose time has come meanwhile, or
    by a run of its own when the data changed and nobody could deliver it. Where that cannot start, because another
    delivery is being sent to the same list, all of it waits: a reconciler asks again in a minute.
    """
    try:
        with transaction.atomic():
            paused = _locked(delivery)
            if not Delivery.objects.paused_for_profile().filter(pk=paused.pk).exists():
                return False
            _go_on(paused, by=None)
            _make_up(paused)
            return True
    except ServiceRefusal as refusal:
        logger.info("Delivery %s is resumed later: %s", delivery.pk, refusal.code)
        return False


def _make_up(delivery: Delivery) -> None:
    """Deliver what arrived while nothing could be sent; a run that waits or is due by schedule does so anyway."""
    real = Run.objects.filter(delivery=delivery, is_dry_run=False)
    # An erasure reads no data, so it says nothing about what was delivered.
    real = real.exclude(trigger=Trigger.ERASURE)
    last = real.order_by("-pk").first()
    # A run that is held on the same list may be so for weeks; what comes after it delivers what was missed as well.
    held = Run.objects.filter(audience=delivery.audience_id, is_dry_run=False, state=RunState.HELD)
    if last is None or real.active().exists() or held.exists():
        return
    plan = pin(delivery)
    if plan["snapshots"] and plan["snapshots"] != last.plan["snapshots"]:
        runs.start(delivery, by=None, trigger=Trigger.NEW_DATA)


def _go_on(paused: Delivery, *, by: User | None) -> None:
    _move(paused, DeliveryState.ACTIVE, pause_reason="", pause_token_version=None)
    resolve_alert(paused.workspace, "audiences.delivery_paused", f"delivery:{paused.pk}")
    audit.record("delivery.resumed", paused, workspace=paused.workspace, by=by)
    for run in _uploading(paused):
        Run.objects.filter(pk=run.pk).update(reason="", next_attempt_at=None, trouble=0)
        hinting.pump(run)


def _locked(delivery: Delivery) -> Delivery:
    return Delivery.objects.select_for_update().get(pk=delivery.pk)


def _move(delivery: Delivery, to: str, **changes: object) -> None:
    """The row is locked, so the move cannot fail; the instance follows."""
    if not states.move(
        Delivery.objects.filter(pk=delivery.pk), frm=delivery.state, to=to, table=DELIVERY_MOVES, **changes
    ):
        raise ServiceRefusal("not_active", name=delivery.name)
    delivery.refresh_from_db()


def _uploading(delivery: Delivery) -> QuerySet[Run]:
    return Run.objects.filter(delivery=delivery, state=RunState.UPLOADING, ending="")
