"""Fills a workspace with as much as years leave behind, by copying rows inside the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, models
from django.shortcuts import resolve_url
from django.utils import timezone

from audiences.models import Audience, Batch, Call, CallKind, Delivery, DeliveryColumn, Observation, Run, Schedule
from audiences.states import BatchState, RunState
from pinconnect.alerts.models import Alert
from pinconnect.datasets.models import Dataset, Snapshot, SnapshotState
from pinconnect.profiles import messages
from pinconnect.profiles.models import AdAccount, AdAccountAccess, Profile
from pinconnect.profiles.scopes import ASKED_FOR
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import AuditEvent, Workspace

BATCH_RECORDS = 10_000
FINAL = {
    "rows": {"read": 10, "sent": 10, "already_there": 0, "duplicate": 0, "invalid": 0, "held_back": 0, "failed": 0},
    "additions": {"sent": 10, "failed": 0, "not_sent": 0},
    "removals": {"sent": 0, "failed": 0, "not_sent": 0},
    "members": {"email": 10},
    "calls": 1,
}


@dataclass(frozen=True)
class Amounts:
    """of_one_run: the batches of one run, and as many calls; the others have what is left between them."""

    deliveries: int
    runs: int
    batches: int
    of_one_run: int
    calls: int
    observations: int
    events: int
    datasets: int
    alerts: int
    open_alerts: int


@dataclass(frozen=True)
class Filled:
    delivery: Delivery
    audience: Audience
    dataset: Dataset
    run: Run


def fill(workspace: Workspace, amounts: Amounts) -> Filled:
    """The run that is returned is the newest one, of the delivery that is returned, and has of_one_run batches."""
    delivery = _first(workspace)
    audience, dataset = delivery.audience, delivery.dataset
    assert audience is not None
    datasets = copies(Dataset, dataset.pk, amounts.datasets - 1, name="t.name || ' ' || n.i")
    copies(Snapshot, dataset.snapshots.get().pk, amounts.datasets - 1, dataset_id=f"{datasets} + n.i")
    audiences = copies(
        Audience, audience.pk, amounts.deliveries - 1, name="t.name || ' ' || n.i", customer_list_id="''"
    )
    deliveries = copies(
        Delivery, delivery.pk, amounts.deliveries - 1, name="t.name || ' ' || n.i", audience_id=f"{audiences} + n.i"
    )
    column = delivery.columns.get()
    copies(DeliveryColumn, column.pk, amounts.deliveries - 1, delivery_id=f"{deliveries} + n.i")
    schedule = Schedule.objects.create(
        delivery=delivery, rhythm="interval", every_minutes=60, due_at=timezone.now() + timedelta(days=1)
    )
    copies(Schedule, schedule.pk, amounts.deliveries - 1, delivery_id=f"{deliveries} + n.i")
    run = _run(delivery)
    others = amounts.deliveries - 1
    runs = copies(
        Run,
        run.pk,
        amounts.runs - 2,
        delivery_id=f"{deliveries} + n.i % {others}",
        audience_id=f"{audiences} + n.i % {others}",
        number=f"1 + n.i / {others}",
    )
    newest = copies(Run, run.pk, 1, number="2")
    _traffic(amounts, run, runs, newest)
    _rest(workspace, amounts, audience, audiences)
    return Filled(delivery, audience, dataset, Run.objects.get(pk=newest))


def _traffic(amounts: Amounts, run: Run, runs: int, newest: int) -> None:
    """Batches and calls: each run has some, one has very many."""
    batch = Batch.objects.create(
        run=run,
        operation="ADD",
        first=0,
        count=BATCH_RECORDS,
        state=BatchState.SENT,
        attempts=1,
        sent_at=timezone.now(),
    )
    call = Call.objects.create(
        run=run,
        batch=batch,
        kind=CallKind.ADD,
        started_at=timezone.now(),
        duration_ms=100,
        method="PATCH",
        path="/ad_accounts/1/customer_lists/2",
        status=200,
        answer="{}",
    )
    others = amounts.runs - 2
    copies(Batch, batch.pk, amounts.of_one_run, run_id=str(newest), first=f"n.i * {BATCH_RECORDS}")
    copies(Call, call.pk, amounts.of_one_run, run_id=str(newest))
    copies(Batch, batch.pk, amounts.batches - amounts.of_one_run - 1, run_id=f"{runs} + n.i % {others}")
    copies(Call, call.pk, amounts.calls - amounts.of_one_run - 1, run_id=f"{runs} + n.i % {others}")


def _rest(workspace: Workspace, amounts: Amounts, audience: Audience, audiences: int) -> None:
    seen = Observation.objects.create(audience=audience, asked_at=timezone.now(), list_state="READY", size=1_000)
    # A list is looked at some twenty times after each change, and what is older is thinned to one a day.
    of_one = min(1_000, amounts.observations // 3)
    copies(Observation, seen.pk, of_one)
    copies(
        Observation,
        seen.pk,
        amounts.observations - of_one - 1,
        audience_id=f"{audiences} + n.i % {amounts.deliveries - 1}",
    )
    audit.record("run.done", Run.objects.earliest("pk"), workspace=workspace, by=None)
    copies(AuditEvent, AuditEvent.objects.latest("pk").pk, amounts.events - 1)
    context = messages.alert_context(Profile.objects.for_workspace(workspace).get())
    raised = {"workspace": workspace, "kind": "profiles.expired", "context": context}
    alert = Alert.objects.create(subject="profile:0", **raised)
    copies(Alert, alert.pk, amounts.open_alerts - 1, subject="'profile:' || (n.i + 1)")
    resolved = Alert.objects.create(subject="profile:0", resolved_at=timezone.now(), **raised)
    copies(Alert, resolved.pk, amounts.alerts - 1)


def copies(model: type[models.Model], pk: int, times: int, /, **others: str) -> int:
    """Copy a row so often; others: SQL of columns that differ, over t (the row) and n.i (from 0). The first new id."""
    table = connection.ops.quote_name(model._meta.db_table)
    columns = [field.column for field in model._meta.concrete_fields if not field.primary_key]
    assert set(others) <= set(columns)
    names = ", ".join(map(connection.ops.quote_name, columns))
    values = ", ".join(others.get(column, f"t.{connection.ops.quote_name(column)}") for column in columns)
    before = model._base_manager.latest("pk").pk
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) WITH RECURSIVE n(i) AS "
            f"(SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {max(times, 0)}) "
            f"SELECT {values} FROM {table} t CROSS JOIN n WHERE t.id = {pk} AND n.i < {max(times, 0)} ORDER BY n.i"
        )
    return int(before) + 1


def _first(workspace: Workspace) -> Delivery:
    """An active delivery with everything that it needs."""
    profile = Profile.objects.create(
        workspace=workspace, username="bob_garden", pinterest_id="bob-1", scopes=list(ASKED_FOR)
    )
    account = AdAccount.objects.create(workspace=workspace, pinterest_id="549700000101", name="Shop", is_chosen=True)
    AdAccountAccess.objects.create(profile=profile, ad_account=account, permissions=["OWNER"], can_write_lists=True)
    dataset = Dataset.objects.create(workspace=workspace, name="Customers")
    Snapshot.objects.create(dataset=dataset, **_snapshot(workspace))
    now = timezone.now()
    audience = Audience.objects.create(
        workspace=workspace,
        ad_account=account,
        name="Newsletter",
        customer_list_name="Customer List-Newsletter",
        audience_name="Audience-Newsletter",
        customer_list_id="2693000000001",
        list_state="READY",
        audience_state="READY",
        size=1_000,
        settled_at=now,
        observed_at=now,
        ledger_version=1,
        ledger_members={"email": 10},
    )
    delivery = Delivery.objects.create(
        workspace=workspace,
        name="Newsletter",
        dataset=dataset,
        audience=audience,
        profile=profile,
        state="active",
        published_at=now,
    )
    DeliveryColumn.objects.create(delivery=delivery, column="email", kind="email")
    return delivery


def _snapshot(workspace: Workspace) -> Mapping[str, Any]:
    return {
        "workspace": workspace,
        "number": 1,
        "state": SnapshotState.READY,
        "mode": "overwrite",
        "rows": 10,
        "ready_at": timezone.now(),
    }


def _run(delivery: Delivery) -> Run:
    now = timezone.now()
    return Run.objects.create(
        workspace=delivery.workspace,
        delivery=delivery,
        audience=delivery.audience,
        number=1,
        state=RunState.DONE,
        trigger="schedule",
        plan={"snapshots": [], "mode": "mirror", "columns": [], "wire": {"shape": "records", "list_type": "EMAIL"}},
        counts={"final": FINAL, "rows": {"read": 10, "to_send": 10}, "batches": 1, "kinds": {}},
        started_at=now,
        finished_at=now,
        upload_started_at=now,
    )


def pages(workspace: Workspace, filled: Filled) -> dict[str, str]:
    """The pages that show what there may be much of, by what they are called."""
    run, delivery, audience = filled.run.pk, filled.delivery.pk, filled.audience.pk
    admin = {
        f"administration: {model}": f"/admin/{path}/"
        for model, path in {
            "runs": "audiences/run",
            "batches": "audiences/batch",
            "calls": "audiences/call",
            "deliveries": "audiences/delivery",
            "audiences": "audiences/audience",
            "audit log": "workspaces/auditevent",
            "alerts": "alerts/alert",
        }.items()
    }
    return {
        "dashboard": resolve_url("audiences:dashboard", workspace=workspace.slug),
        "deliveries": resolve_url("audiences:delivery-list", workspace=workspace.slug),
        "deliveries, last page": resolve_url("audiences:delivery-list", workspace=workspace.slug) + "?page=9999",
        "deliveries, searched": resolve_url("audiences:delivery-list", workspace=workspace.slug) + "?q=letter",
        "deliveries, paused": resolve_url("audiences:delivery-list", workspace=workspace.slug) + "?state=paused",
        "delivery": resolve_url("audiences:delivery-detail", workspace=workspace.slug, pk=delivery),
        "run": resolve_url("audiences:run-detail", workspace=workspace.slug, pk=run),
        "run, last page": resolve_url("audiences:run-detail", workspace=workspace.slug, pk=run) + "?page=9999",
        "calls of a run": resolve_url("audiences:run-calls", workspace=workspace.slug, pk=run),
        "calls of a run, searched": resolve_url("audiences:run-calls", workspace=workspace.slug, pk=run) + "?q=nowhere",
        "audience": resolve_url("audiences:audience-detail", workspace=workspace.slug, pk=audience),
        "datasets": resolve_url("datasets:list", workspace=workspace.slug),
        "dataset": resolve_url("datasets:detail", workspace=workspace.slug, dataset_id=filled.dataset.pk),
        "alerts": resolve_url("alerts:list", workspace=workspace.slug),
        "audit log": resolve_url("workspaces:audit", workspace=workspace.slug),
        "audit log, searched": resolve_url("workspaces:audit", workspace=workspace.slug) + "?text=nowhere",
        **admin,
    }
