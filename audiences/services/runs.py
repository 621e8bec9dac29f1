"""Runs as people see them: start, cancel, approve, reject, repeat."""

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from audiences import hinting, turns
from audiences.models import Audience, Delivery, Run, Trigger
from audiences.services import endings
from audiences.services import plan as plans
from audiences.services.refusals import ServiceRefusal
from audiences.states import RUN_ACTIVE, RUN_MOVES, DeliveryState, RunState
from pinconnect.alerts.services import resolve_alert
from pinconnect.lib import states
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User


def start(delivery: Delivery, *, by: User | None, trigger: str, is_dry_run: bool = False) -> Run:
    """Start a run, or return the one that is active already: a second click starts nothing.

    A dry run stands in nobody's way, and needs neither a published delivery nor an audience.
    Raises ServiceRefusal when the delivery may not run.
    """
    with transaction.atomic():
        delivery = Delivery.objects.select_for_update().get(pk=delivery.pk)
        _check_startable(delivery, is_dry_run=is_dry_run)
        # Locked, so that no run can settle between reading the ledger's version and taking the place of that run. The
        # delivery comes first: see sharing.lock_together.
        delivery.audience = Audience.objects.select_for_update(no_key=True).filter(pk=delivery.audience_id).first()
        plan = plans.pin(delivery)
        if not plan["snapshots"] and not delivery.published_at and not is_dry_run:
            raise ServiceRefusal("no_data", name=delivery.dataset.name)
        active = _active(delivery, plan=plan, is_dry_run=is_dry_run)
        if active is not None:
            return active
        number = (delivery.runs.aggregate(last=Max("number"))["last"] or 0) + 1
        run = Run(
            workspace=delivery.workspace,
            delivery=delivery,
            audience=delivery.audience,
            number=number,
            is_dry_run=is_dry_run,
            trigger=trigger,
            started_by=by,
            plan=plan,
            is_large=hinting.is_large(plan, delivery.audience),
        )
        try:
            with transaction.atomic():
                run.save()
        except IntegrityError:
            # The check above saw nothing, and then somebody else was faster.
            winner = _active(delivery, plan=plan, is_dry_run=is_dry_run)
            if winner is None:
                raise
            return winner
        if run.audience_id and any(column["treatment"] == "any_hash" for column in plan["columns"]):
            Audience.objects.filter(pk=run.audience_id).update(takes_other_hashes=True)
        audit.record("run.started", run, workspace=run.workspace, by=by, trigger=trigger)
        turns.give("prepare" if run.is_large else "short")
        return run


def cancel(run: Run, *, by: User | None, code: str = "cancelled") -> bool:
    """Stop a run; False when there is nothing to stop any more. What Pinterest accepted stays and is counted.

    code: the reason, cancelled or archived. A run that is sending finishes the calls under way first.
    """
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run.pk)
        if run.state not in RUN_ACTIVE or run.state == RunState.SETTLING or run.ending:
            return False
        Run.objects.filter(pk=run.pk).update(cancel_asked_at=timezone.now())
        endings.cancel(run, code=code)
        audit.record("run.cancelled", run, workspace=run.workspace, by=by)
        return True


def approve(run: Run, *, by: User | None) -> bool:
    """Let a held run go on, once its delivery is not paused; False when it is not held any more."""
    with transaction.atomic():
        # Locked, so that a pause comes either before, and is seen, or after, and finds the run that it makes wait.
        delivery = Delivery.objects.select_for_update().get(pk=run.delivery_id)
        is_paused = delivery.state == DeliveryState.PAUSED
        approved = states.move(
            Run.objects.filter(pk=run.pk),
            frm=RunState.HELD,
            to=RunState.UPLOADING,
            table=RUN_MOVES,
            approved_by=by,
            reason=(delivery.pause_reason or "paused") if is_paused else "",
            upload_started_at=timezone.now(),
        )
        if approved:
            resolve_alert(run.workspace, "audiences.run_held", f"run:{run.pk}")
            audit.record("run.approved", run, workspace=run.workspace, by=by)
            hinting.pump(run)
        return approved


def reject(run: Run, *, by: User | None) -> bool:
    """Drop a held run; nothing was sent. False when it is not held any more."""
    with transaction.atomic():
        if run.state != RunState.HELD or not endings.end_idle(run, to=RunState.CANCELLED, code="rejected"):
            return False
        audit.record("run.rejected", run, workspace=run.workspace, by=by)
        return True


def retry(run: Run, *, by: User | None) -> Run:
    """Run the delivery again after a run that did not get to its end: it sends only what is missing."""
    if run.is_dry_run:
        raise ServiceRefusal("is_dry_run")
    if not run.is_finished:
        raise ServiceRefusal("run_not_finished", number=run.number)
    return start(run.delivery, by=by, trigger=Trigger.BY_HAND)


def is_current(run: Run) -> bool:
    """Whether what a run pinned is what its delivery would pin now."""
    try:
        return bool(run.plan == plans.pin(run.delivery))
    except ServiceRefusal:
        return False


def current_dry_run(delivery: Delivery) -> Run | None:
    """The newest dry run in whatever state, if it counts what the delivery says now."""
    newest = delivery.runs.filter(is_dry_run=True).order_by("-pk").first()
    return newest if newest is not None and is_current(newest) else None


def _check_startable(delivery: Delivery, *, is_dry_run: bool) -> None:
    if delivery.state == DeliveryState.ARCHIVED:
        raise ServiceRefusal("archived", name=delivery.name)
    if not delivery.columns.exists():
        raise ServiceRefusal("no_columns")
    if is_dry_run:
        return
    if delivery.state == DeliveryState.DRAFT:
        raise ServiceRefusal("still_a_draft", name=delivery.name)
    if delivery.state == DeliveryState.PAUSED:
        raise ServiceRefusal("needs_resume" if delivery.pause_reason else "paused", name=delivery.name)


def _active(delivery: Delivery, *, plan: dict[str, object], is_dry_run: bool) -> Run | None:
    if is_dry_run:
        dry_runs = Run.objects.active().filter(delivery=delivery, is_dry_run=True)
        return next((run for run in dry_runs if run.plan == plan), None)
    active = Run.objects.active().filter(audience=delivery.audience, is_dry_run=False).first()
    if active is not None and active.delivery_id != delivery.pk:
        raise ServiceRefusal("list_busy")
    if active is not None and active.trigger == Trigger.ERASURE:
        # It reads no data, so it is no run of the delivery for whoever asked for one.
        raise ServiceRefusal("list_erasing")
    return active
