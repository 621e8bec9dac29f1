"""Runs that make way for an erasure, and are started again once it is through."""

from django.db import transaction

from audiences.models import Batch, Removal, RemovalState, Run, Trigger
from audiences.people import tombstones
from audiences.services import endings, runs
from audiences.services.refusals import ServiceRefusal
from audiences.states import DeliveryState, RunState

_AT_ONCE = 100
# Why a run was cancelled: it was held and had sent nothing, or its delivery was paused half-way.
_HELD, _HALF_SENT = "erasure_first", "stopped_for_erasure"


def in_the_way(removal: Removal, active: Run) -> str:
    """The code of what the removal waits for; empty once nothing is in its way any more.

    Whatever goes on by itself is waited for. What a person has to set going again may stand for weeks: a held run has
    sent nothing and ends at once, and one of a paused delivery sends nothing more, so that it settles what it has sent.
    """
    if active.pk == removal.run_id:
        return "removing"
    if active.state == RunState.HELD:
        return "" if _end_held(removal, active) else "run_first"
    if _is_left_standing(active) and _stop(removal, active):
        active.ending = "cancelled"
    if active.files_lost_at is not None:
        return "run_files_lost"
    return "run_unsure" if _is_unsure(active) else "run_first"


def start_again(removal: Removal) -> bool:
    """Start the deliveries whose runs made way for the removal; False when one of them cannot start yet."""
    if removal.displaced_id is None:
        return True
    on_list = Run.objects.filter(audience=removal.audience_id, is_dry_run=False)
    if on_list.active().exists():
        return False
    made_way = on_list.filter(pk__gte=removal.displaced_id, state=RunState.CANCELLED, reason__in=(_HELD, _HALF_SENT))
    started = [_start(run) for run in made_way.select_related("delivery", "started_by").order_by("pk")]
    if not all(started):
        return False
    Removal.objects.filter(pk=removal.pk).update(displaced=None)
    return True


def start_left() -> int:
    """What could not be started when its erasure was acknowledged, because the delivery was paused; how many were."""
    left = Removal.objects.filter(displaced__isnull=False).exclude(state=RemovalState.WAITING)
    return sum(start_again(removal) for removal in left.order_by("pk")[:_AT_ONCE])


def _end_held(removal: Removal, active: Run) -> bool:
    with transaction.atomic():
        return endings.end_idle(active, to=RunState.CANCELLED, code=_HELD) and _note(removal, active)


def _stop(removal: Removal, active: Run) -> bool:
    with transaction.atomic():
        return endings.stop_sending(active, ending="cancelled", code=_HALF_SENT) and _note(removal, active)


def _note(removal: Removal, run: Run) -> bool:
    """The first one is kept: start_again() looks for those that came after it."""
    if removal.displaced_id is None:
        Removal.objects.filter(pk=removal.pk).update(displaced=run)
        removal.displaced = run
    return True


def _is_left_standing(active: Run) -> bool:
    """Whether nothing of it is sent until a person resumes the delivery; erasures go on all the same."""
    is_paused = active.delivery.state == DeliveryState.PAUSED and not tombstones.is_erasure(active)
    return is_paused and active.state == RunState.UPLOADING and not active.ending


def _is_unsure(active: Run) -> bool:
    """Whether it ends and cannot: Pinterest has not said what became of a part, and the profile cannot ask."""
    if not active.ending or not Batch.objects.filter(run=active).unsure().exists():
        return False
    delivery = active.delivery
    profile = delivery.standby if delivery.standby_since else delivery.profile
    return bool(delivery.pause_reason) or profile is None or not profile.is_usable


def _start(run: Run) -> bool:
    """True when there is nothing left to start: it was started, or somebody has run or archived the delivery since."""
    delivery = run.delivery
    own = delivery.runs.filter(is_dry_run=False).exclude(trigger=Trigger.ERASURE)
    if delivery.state == DeliveryState.ARCHIVED or own.filter(pk__gt=run.pk).exists():
        return True
    try:
        runs.start(delivery, by=run.started_by, trigger=run.trigger)
    except ServiceRefusal:
        return False
    return True
