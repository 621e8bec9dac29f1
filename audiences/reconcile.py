"""Brings runs and audiences forward whose hints were lost. May run any number of times, anywhere."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from audiences import hinting, pruning, turns
from audiences.models import Audience, Batch, Run
from audiences.querysets import lease_is_free
from audiences.services import calls, completion, deliveries, endings, schedules, standby
from audiences.states import RUN_ACTIVE, BatchState, DeliveryState, RunState
from pinconnect.alerts.services import raise_alert, resolve_alert
from pinconnect.queue import clock, holders, reconciler

# A hint may wait in the queue for a while; more of them would not bring it forward.
HINT_AGAIN_AFTER = timedelta(seconds=30)
STUCK_AFTER = timedelta(minutes=30)
FAILING_FROM = 8
AT_ONCE = 100
# So many looks at lists, every few seconds, while deliveries wait: a look takes a sixth of what a small run takes.
LOOKS_IN_A_CROWD = 2


def hint_runs() -> int:
    """Runs that nobody works on although they could go on; returns how many were hinted."""
    now = timezone.now()
    hinted = turns.give()
    for run in _unhinted(Run.objects.to_prepare(now).filter(state=RunState.PREPARING), now):
        hinting.prepare(run)
        hinted += 1
    for run in _unhinted(Run.objects.to_settle(now), now):
        hinting.settle(run)
        hinted += 1
    for run in _unhinted(Run.objects.to_restore(now), now):
        hinting.restore(run)
        hinted += 1
    return hinted + _finish_stopped() + _hint_uploads(now)


def _finish_stopped() -> int:
    """Runs that send nothing new and whose worker did not live to skip what came back; they wait for nothing."""
    batches = Batch.objects.filter(run=OuterRef("pk")).order_by()
    left = Exists(batches.filter(state=BatchState.PENDING)) | ~Exists(batches.open())
    stopped = Run.objects.filter(left, state=RunState.UPLOADING).exclude(ending="").select_related("audience")
    return sum(completion.try_finish(run) for run in stopped[:AT_ONCE])


def _hint_uploads(now: datetime) -> int:
    batches = Batch.objects.filter(run=OuterRef("pk")).order_by()
    senders = batches.in_flight(now).values("run").annotate(number=Count("lease_token", distinct=True)).values("number")
    runs = Run.objects.to_pump(now).annotate(
        is_claimable=Exists(batches.claimable(now)),
        is_open=Exists(batches.open()),
        senders=Coalesce(Subquery(senders), 0),
    )
    hinted = 0
    for run in _unhinted(runs.filter(Q(is_claimable=True) | Q(is_open=False)), now):
        if not run.is_open:
            completion.try_finish(run)
        elif run.senders < settings.PUMPS_PER_RUN:
            hinting.pump(run)
        hinted += 1
    return hinted


def _unhinted(rows: QuerySet[Any], now: datetime) -> QuerySet[Any]:
    """Runs not hinted lately, or not since they were to wait until now."""
    waited = Q(next_attempt_at__isnull=False, hinted_at__lt=F("next_attempt_at"))
    # A moment to come: the clock was set back since.
    stale = Q(hinted_at__lte=now - HINT_AGAIN_AFTER) | Q(hinted_at__gt=now + HINT_AGAIN_AFTER)
    return (
        rows.filter(Q(hinted_at=None) | stale | waited)
        .select_related("audience")
        .order_by(F("hinted_at").asc(nulls_first=True), "pk")[:AT_ONCE]
    )


def finish_cancelled() -> int:
    """Runs that somebody cancelled while they were prepared, by a worker that did not live to notice."""
    asked = Run.objects.to_stop().filter(lease_is_free(timezone.now()))
    return sum(endings.cancel(run, code=endings.cancel_code(run)) for run in asked[:AT_ONCE])


def hint_observations() -> int:
    """Audiences whose state Pinterest should be asked for."""
    now = timezone.now()
    stale = Q(hinted_at__lte=now - HINT_AGAIN_AFTER) | Q(hinted_at__gt=now + HINT_AGAIN_AFTER)
    unhinted = Q(hinted_at=None) | stale | Q(hinted_at__lt=F("observe_at"))
    at_once = LOOKS_IN_A_CROWD if turns.is_crowded() else AT_ONCE
    due = list(Audience.objects.to_observe(now).filter(unhinted).order_by("observe_at")[:at_once])
    for audience in due:
        hinting.observe(audience)
    return len(due)


def resume_recovered() -> int:
    """Deliveries whose profile works again although nobody told us; a fresh token is worth a try in any case."""
    return sum(deliveries.resume_for_profile(delivery) for delivery in standby.resumable().order_by("pk")[:AT_ONCE])


def report_stuck() -> int:
    """Runs that should move and do not: somebody should look at the workers."""
    now = timezone.now()
    long_ago = now - STUCK_AFTER
    # A pause stops only sending, and whoever fails again and again does not just wait for the next attempt.
    paused = Q(state=RunState.UPLOADING, delivery__state=DeliveryState.PAUSED, files_lost_at=None)
    waiting = Q(state=RunState.HELD) | paused | Q(next_attempt_at__gt=now, attempts__lt=FAILING_FROM)
    runs = Run.objects.filter(state__in=RUN_ACTIVE, is_dry_run=False).select_related("workspace", "delivery")
    stuck = 0
    for run in runs.exclude(waiting).filter(created_at__lte=long_ago).order_by("pk")[:AT_ONCE]:
        moved_at = _moved_at(run, now)
        if moved_at > long_ago:
            resolve_alert(run.workspace, "audiences.run_stuck", f"run:{run.pk}")
            continue
        stuck += 1
        raise_alert(
            run.workspace,
            "audiences.run_stuck",
            f"run:{run.pk}",
            **endings.context(run),
            state=run.get_state_display().lower(),
            since=f"{moved_at:%Y-%m-%d %H:%M} UTC",
        )
    return stuck


def _moved_at(run: Run, now: datetime) -> datetime:
    """When something last happened. A lease that is renewed is a worker that lives."""
    batch = run.batches.filter(sent_at__isnull=False).order_by("-sent_at").first()
    is_held = run.lease_until is not None and run.lease_until > now
    if is_held or Batch.objects.filter(run=run).in_flight(now).exists():
        return now
    moments = [run.created_at, run.started_at, run.upload_started_at, batch.sent_at if batch else None]
    return max(moment for moment in moments if moment is not None)


def hint_freed_runs(pks: Sequence[int]) -> None:
    """Whoever worked on these was killed, and the hint went with them."""
    Run.objects.filter(pk__in=pks).update(hinted_at=None)


def hint_freed_batches(pks: Sequence[int]) -> None:
    hint_freed_runs(list(Batch.objects.filter(pk__in=pks).values_list("run", flat=True).distinct()))


def hint_freed_audiences(pks: Sequence[int]) -> None:
    Audience.objects.filter(pk__in=pks).update(hinted_at=None)


def hint_all_again() -> None:
    """What was hinted may be lost; a hint too many does no harm."""
    Run.objects.active().filter(hinted_at__isnull=False).update(hinted_at=None)


def clock_was_set_back(by: timedelta) -> None:
    """What waited for a moment waits as long as was meant, and not until the clock gets there again."""
    now = timezone.now()
    Run.objects.active().filter(next_attempt_at__gt=now).update(next_attempt_at=F("next_attempt_at") - by)
    Batch.objects.open().filter(next_attempt_at__gt=now).update(next_attempt_at=F("next_attempt_at") - by)
    Audience.objects.filter(observe_at__gt=now).update(observe_at=F("observe_at") - by)
    schedules.clock_was_set_back(by)


clock.when_set_back(clock_was_set_back)
holders.when_hints_are_lost(hint_all_again)
holders.watch(Run, hint_freed_runs)
holders.watch(Batch, hint_freed_batches)
holders.watch(Audience, hint_freed_audiences)
reconciler.register("audiences.runs", hint_runs, every_s=2)
reconciler.register("audiences.cancelled", finish_cancelled, every_s=15)
reconciler.register("audiences.observations", hint_observations, every_s=3)
reconciler.register("audiences.recovered", resume_recovered, every_s=60)
reconciler.register("audiences.stuck", report_stuck, every_s=300)
reconciler.register("audiences.schedules", schedules.start_due, every_s=5)
reconciler.register("audiences.scratch", pruning.sweep, every_s=60)
reconciler.register("audiences.calls", calls.prune, every_s=60)
reconciler.register("audiences.pruning", pruning.hint, every_s=3_600)
