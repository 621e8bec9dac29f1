"""An erasure that finds its list deleted is done with it, and says what the delivery of that list has to do."""

from hashlib import sha256

import pytest
from django.test import Client

from audiences.models import Delivery, Mode, RemovalState, Run, Trigger
from audiences.people import erasing
from audiences.people.lookup import Wanted
from audiences.services import deliveries
from audiences.states import RunState
from pinconnect.alerts.services import open_alerts
from tests.factories_audiences import Shop, drive, drive_through, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    """Its list was delivered and then deleted at Pinterest; nobody knows that yet."""
    shop = make_shop(simulator, people(range(120)))
    drive(Run.objects.get())
    for table in ("audiences", "customer_lists"):
        simulator.app.world.store.run(f"DELETE FROM {table}")
    shop.delivery.refresh_from_db()
    return shop


def erase(shop: Shop) -> Run:
    wanted = Wanted("email", sha256(b"member00020@example.com").digest())
    erasure = erasing.request(shop.workspace, by=None, wanted=[wanted])
    erasing.work(erasure.pk)
    run = drive_through(Run.objects.active().get())
    erasing.work(erasure.pk)
    assert (run.state, run.reason, run.trigger) == (RunState.FAILED, "list_gone", Trigger.ERASURE)
    assert erasure.removals.get().state == RemovalState.GONE
    return run


def next_steps(shop: Shop) -> list[str]:
    return [alert.next_step for alert in open_alerts(shop.workspace) if alert.kind == "audiences.list_gone"]


def test_owner_of_a_mirror_is_told_to_make_a_new_list(shop: Shop) -> None:
    run = erase(shop)
    web = Client()
    web.force_login(shop.workspace.members.get())

    page = web.get(f"/w/{shop.workspace.slug}/runs/{run.pk}/").content.decode()

    assert next_steps(shop) == ["Open the delivery and choose “Make a new list”: it is filled again from the dataset."]
    assert "choose “Make a new list”" in page
    assert "only takes people out" not in page


def test_owner_of_a_delivery_that_takes_people_out_is_not(shop: Shop) -> None:
    Delivery.objects.update(mode=Mode.REMOVE)

    erase(shop)

    (step,) = next_steps(shop)
    assert "only takes people out" in step


def test_list_of_an_archived_delivery_is_missed_by_nobody(shop: Shop) -> None:
    deliveries.archive(shop.delivery, by=None)

    erase(shop)

    assert next_steps(shop) == []
