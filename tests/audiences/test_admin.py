"""Operators see deliveries and runs, and act on them through the services of the pages."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audiences.models import Batch, Call, Delivery, Run
from audiences.states import DeliveryState, RunState
from pinconnect.workspaces.admin_base import RecentValuesFilter
from pinconnect.workspaces.models import AuditEvent
from tests.factories import make_user
from tests.factories_audiences import Shop, drive, make_shop, people
from tests.support.simulator import SimulatorInTest
from tests.support.staff import make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    return make_shop(simulator, people(range(20)))


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(make_user("Operator", is_staff=True, is_superuser=True))
    return client


def act(client: Client, model: str, action: str, pk: int) -> Any:
    address = reverse(f"admin:audiences_{model}_changelist")
    return client.post(address, {"action": action, "_selected_action": [pk]}, follow=True)


@pytest.mark.parametrize("model", ["audience", "delivery", "deliverycolumn", "run", "batch"])
def test_every_list_and_page_opens_and_changes_nothing_by_hand(operator: Client, shop: Shop, model: str) -> None:
    drive(Run.objects.select_related("audience").get())
    address = reverse(f"admin:audiences_{model}_changelist")
    row = operator.get(address).context["cl"].result_list[0]
    page = reverse(f"admin:audiences_{model}_change", args=[row.pk])

    assert operator.get(address, {"q": "Newsletter"}).status_code == 200
    assert operator.get(page).status_code == 200
    assert operator.post(page, {}).status_code == 403
    assert operator.get(reverse(f"admin:audiences_{model}_add")).status_code == 403


def test_deliveries_are_paused_resumed_and_run_through_the_services(operator: Client, shop: Shop) -> None:
    drive(Run.objects.select_related("audience").get())
    pk = shop.delivery.pk

    assert "1 paused." in act(operator, "delivery", "pause", pk).content.decode()
    assert Delivery.objects.get().state == DeliveryState.PAUSED
    assert "is paused" in act(operator, "delivery", "run_now", pk).content.decode()
    act(operator, "delivery", "resume", pk)
    assert "1 runs started." in act(operator, "delivery", "run_now", pk).content.decode()
    act(operator, "delivery", "archive", pk)

    assert Delivery.objects.get().state == DeliveryState.ARCHIVED
    assert AuditEvent.objects.filter(verb="delivery.archived", actor__name="Operator").exists()


def test_runs_are_cancelled_and_repeated_through_the_services(operator: Client, shop: Shop) -> None:
    run = Run.objects.get()

    assert "has not finished" in act(operator, "run", "retry", run.pk).content.decode()
    assert "1 cancelled." in act(operator, "run", "cancel", run.pk).content.decode()
    assert "0 cancelled." in act(operator, "run", "cancel", run.pk).content.decode()
    act(operator, "run", "retry", run.pk)

    assert list(Run.objects.order_by("pk").values_list("state", flat=True)) == [RunState.CANCELLED, RunState.QUEUED]


def test_held_runs_are_approved_or_rejected(operator: Client, shop: Shop) -> None:
    drive(Run.objects.select_related("audience").get())
    shop.change(people(range(3)))
    run = drive(shop.start())

    assert "1 approved." in act(operator, "run", "approve", run.pk).content.decode()
    assert "0 rejected." in act(operator, "run", "reject", run.pk).content.decode()
    run.refresh_from_db()
    assert run.state == RunState.UPLOADING


def test_held_run_is_not_approved_by_who_may_only_look(client: Client, shop: Shop) -> None:
    drive(Run.objects.select_related("audience").get())
    shop.change(people(range(3)))
    run = drive(shop.start())

    client.force_login(make_staff("view_run", "change_delivery"))
    act(client, "run", "approve", run.pk)
    run.refresh_from_db()
    assert run.state == RunState.HELD

    client.force_login(make_staff("change_run"))
    assert "1 approved." in act(client, "run", "approve", run.pk).content.decode()


def test_the_list_of_batches_asks_no_more_for_more_rows(
    operator: Client, shop: Shop, django_assert_max_num_queries: Any
) -> None:
    run = Run.objects.get()
    Batch.objects.bulk_create(Batch(run=run, operation="ADD", first=number, count=1) for number in range(50))

    with django_assert_max_num_queries(14):
        operator.get(reverse("admin:audiences_batch_changelist"))


def test_filters_offer_what_the_newest_rows_hold(operator: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    run = drive(Run.objects.select_related("audience").get())
    for error in ("Rejected", "ServerTrouble", "GaveUp"):
        Batch.objects.create(run=run, operation="ADD", first=0, count=1, state="failed", error=error)
    monkeypatch.setattr(RecentValuesFilter, "looked_at", 2)
    address = reverse("admin:audiences_batch_changelist")

    page = operator.get(address)
    filtered = operator.get(address, {"error": "Rejected"})

    offered = {choice["display"] for choice in page.context["cl"].filter_specs[2].choices(page.context["cl"])}
    assert offered == {"All", "GaveUp", "ServerTrouble"}
    assert [batch.error for batch in filtered.context["cl"].result_list] == ["Rejected"], "older ones are found as well"


@pytest.mark.parametrize("model", ["call", "batch"])
def test_filters_over_millions_of_rows_never_look_for_all_their_values(
    operator: Client, shop: Shop, model: str
) -> None:
    drive(Run.objects.select_related("audience").get())
    assert Call.objects.exists()

    with CaptureQueriesContext(connection) as queries:
        operator.get(reverse(f"admin:audiences_{model}_changelist"))

    asked = [query["sql"] for query in queries if f"audiences_{model}" in query["sql"]]
    assert asked
    assert not [sql for sql in asked if "DISTINCT" in sql or "GROUP BY" in sql]
