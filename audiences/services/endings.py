"""How runs end: nothing new is sent, what is open is skipped, and somebody is told when that matters."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from audiences import hinting
from audiences.messages import held, of_run, reason
from audiences.models import Batch, Delivery, Mode, Run
from audiences.pipeline.plan import Counts
from audiences.querysets import lease_is_free
from audiences.services.holding import added
from audiences.states import RUN_MOVES, BatchState, DeliveryState, RunState
from pinconnect.alerts.services import raise_alert, resolve_alert, resolve_alerts
from pinconnect.lib import states
from pinconnect.workspaces import audit


def stop_sending(run: Run, *, ending: str, code: str) -> bool:
    """Send nothing new of an uploading run; what may have been carried out without an answer is cleared up first.

    ending: failed or cancelled. False when the run was ending already.
    """
    with transaction.atomic():
        stopped = Run.objects.filter(pk=run.pk, state=RunState.UPLOADING, ending="").update(
            ending=ending, reason=code, next_attempt_at=None, trouble=0
        )
        if stopped:
            skip_waiting(run)
            hinting.pump(run)
        return bool(stopped)


def cancel(run: Run, *, code: str) -> bool:
    """Stop a run that sends, end one that does not yet; False while somebody prepares it, who notices by itself."""
    if run.state == RunState.UPLOADING:
        return stop_sending(run, ending="cancelled", code=code)
    return end_idle(run, to=RunState.CANCELLED, code=code)


def cancel_code(run: Run) -> str:
    """Why a run that was asked to stop does so."""
    is_archived = Delivery.objects.filter(pk=run.delivery_id, state=DeliveryState.ARCHIVED).exists()
    return "archived" if is_archived else "cancelled"


def skip_waiting(run: Run) -> None:
    """Batches that Pinterest certainly did not carry out and now never will."""
    run.batches.filter(state=BatchState.PENDING).update(state=BatchState.SKIPPED, next_attempt_at=None)


def skip_unsure(run: Run) -> None:
    """Where it no longer matters, or cannot be found out, whether Pinterest carried them out."""
    run.batches.filter(state=BatchState.UNKNOWN).update(state=BatchState.SKIPPED, next_attempt_at=None)


def end_idle(run: Run, *, to: str, code: str) -> bool:
    """End a run that nobody works on and that sent nothing; False when somebody does, or it has moved on."""
    with transaction.atomic():
        idle = Run.objects.filter(lease_is_free(timezone.now()), pk=run.pk)
        if not states.move(
            idle, frm=run.state, to=to, table=RUN_MOVES, reason=code, finished_at=timezone.now(), lease_token=""
        ):
            return False
        skip_waiting(run)
        run.refresh_from_db()
        tell(run)
        return True


def tell(run: Run) -> None:
    """Raise or resolve the alerts that the end of a run calls for. Call it in the transaction that ends the run."""
    if run.is_dry_run:
        return
    subject = f"delivery:{run.delivery_id}"
    over = ("run_held", "pinterest_trouble", "run_stuck", "files_lost")
    resolve_alerts(run.workspace, (f"audiences.{kind}" for kind in over), f"run:{run.pk}")
    if run.state == RunState.DONE:
        resolve_alert(run.workspace, "audiences.run_failed", subject)
    if run.state == RunState.FAILED and run.reason == "list_gone":
        raise_list_gone(run)
    elif run.state == RunState.FAILED:
        words = of_run(run) or reason(run.reason)
        raise_alert(
            run.workspace, "audiences.run_failed", subject, **context(run), what=words.body, todo=words.next_step
        )
    _tell_refused(run)
    audit.record(f"run.{run.state}", run, workspace=run.workspace, by=None, reason=run.reason)


def raise_held(run: Run, counts: Counts) -> None:
    raise_alert(
        run.workspace,
        "audiences.run_held",
        f"run:{run.pk}",
        **context(run),
        change=held(adds=added(counts), removals=counts.removals, members=counts.ledger),
    )


def raise_list_gone(run: Run) -> None:
    """Of a delivery that goes on: people are erased in the name of archived ones too, which miss nothing."""
    audience = run.audience
    live = Delivery.objects.live().filter(audience=audience).order_by("pk")
    delivery = live.filter(pk=run.delivery_id).first() or live.first()
    if audience is None or delivery is None:
        return
    raise_alert(
        run.workspace,
        "audiences.list_gone",
        f"audience:{audience.pk}",
        **{**context(run), "delivery": delivery.name, "delivery_id": delivery.pk},
        list=audience.customer_list_name,
        # Not by what the run did: an erasure may find out that the list of a mirror is gone.
        todo=reason("list_gone", is_removal=delivery.mode == Mode.REMOVE).next_step,
    )


def context(run: Run) -> dict[str, Any]:
    """What every alert about a run says and links to; no secret and no identifier."""
    return {
        "slug": run.workspace.slug,
        "delivery": run.delivery.name,
        "delivery_id": run.delivery_id,
        "run": run.number,
        "run_id": run.pk,
    }


def _tell_refused(run: Run) -> None:
    subject = f"delivery:{run.delivery_id}"
    refused = Batch.objects.filter(run=run, state=BatchState.FAILED).records()
    if refused and run.state == RunState.DONE:
        raise_alert(run.workspace, "audiences.records_refused", subject, **context(run), refused=refused)
    elif run.state == RunState.DONE:
        resolve_alert(run.workspace, "audiences.records_refused", subject)
