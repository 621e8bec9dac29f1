"""A list that was deleted at Pinterest gets a successor, and a run fills it."""

from hashlib import sha256

import pytest

from audiences.models import Audience, Delivery, Mode, RemovalState, Run
from audiences.people import erasing
from audiences.people.lookup import Wanted
from audiences.services import deliveries, editing, refilling, sharing, vanished
from audiences.services.refusals import ServiceRefusal
from audiences.states import RunState
from pinconnect.alerts.models import Alert
from tests.factories_audiences import Shop, drive, drive_through, expected_members, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
ROWS = people(range(120))


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    """Its list was delivered and then deleted; the run after that found out."""
    shop = make_shop(simulator, ROWS)
    drive(shop.delivery.runs.get())
    for table in ("audiences", "customer_lists"):
        simulator.app.world.store.run(f"DELETE FROM {table}")
    shop.change(people(range(10, 130)))
    run = drive_through(shop.start())
    assert run.reason == "list_gone"
    return shop


def draft_for(shop: Shop) -> Delivery:
    """A draft that goes into the shop's list."""
    made: Delivery = Delivery.objects.create(
        workspace=shop.workspace,
        name="Later",
        dataset=shop.delivery.dataset,
        profile=shop.profile,
        audience=Audience.objects.get(),
    )
    return made


def code_of(delivery: Delivery) -> str:
    with pytest.raises(ServiceRefusal) as refused:
        refilling.start_over(delivery, by=None)
    return refused.value.code


def test_a_new_list_is_made_and_filled_from_the_data(shop: Shop) -> None:
    old = Audience.objects.get()
    assert refilling.is_gone(old)
    assert Alert.objects.filter(kind="audiences.list_gone", resolved_at=None).exists()

    run = refilling.start_over(shop.delivery, by=None)

    assert run is not None
    assert drive(run).state == RunState.DONE
    assert shop.members == expected_members(people(range(10, 130)))
    new = Delivery.objects.get().audience
    assert (new.pk != old.pk, new.ledger_members) == (True, {"email": 120})
    assert not refilling.is_gone(new)
    assert not Alert.objects.filter(kind="audiences.list_gone", resolved_at=None).exists()


def test_a_second_click_makes_no_second_list(shop: Shop) -> None:
    refilling.start_over(shop.delivery, by=None)

    assert code_of(shop.delivery) == "list_not_gone"
    assert Audience.objects.count() == 2


def test_a_list_that_is_there_is_not_replaced(simulator: SimulatorInTest) -> None:
    shop = make_shop(simulator, ROWS)
    assert code_of(shop.delivery) == "list_not_gone"
    drive(shop.delivery.runs.get())

    assert code_of(shop.delivery) == "list_not_gone"


def test_a_list_that_was_seen_again_after_the_run_is_not_replaced(shop: Shop) -> None:
    vanished.note_found(Audience.objects.get(), "list")

    assert code_of(shop.delivery) == "list_not_gone"


def test_a_delivery_that_chose_the_old_list_meanwhile_is_not_left_behind(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = draft_for(shop)
    found = sharing.lock_together
    monkeypatch.setattr(sharing, "lock_together", lambda one: [it for it in found(one) if it.pk != late.pk])

    assert code_of(shop.delivery) == "list_just_chosen"

    monkeypatch.undo()
    refilling.start_over(shop.delivery, by=None)
    late.refresh_from_db()
    assert late.audience_id == Delivery.objects.get(pk=shop.delivery.pk).audience_id


def test_the_new_audience_has_the_name_that_people_gave_to_the_old_one(shop: Shop) -> None:
    Audience.objects.update(audience_name="VIPs")

    run = refilling.start_over(shop.delivery, by=None)
    assert run is not None
    drive(run)

    assert [audience["name"] for audience in shop.simulator.control("state")["audiences"]] == ["VIPs"]


def test_a_paused_delivery_gets_its_list_and_fills_it_when_it_is_resumed(shop: Shop) -> None:
    deliveries.pause(shop.delivery, by=None)

    assert refilling.start_over(shop.delivery, by=None) is None

    deliveries.resume(shop.delivery, by=None)
    assert drive(shop.start()).state == RunState.DONE
    assert shop.members == expected_members(people(range(10, 130)))


def test_who_only_takes_people_out_needs_no_new_list(shop: Shop) -> None:
    editing.change(shop.delivery, editing.Wish(mode=Mode.REMOVE), by=None)

    assert code_of(shop.delivery) == "nobody_to_remove"
    assert Audience.objects.count() == 1


def test_a_draft_for_the_old_list_goes_into_the_new_one(shop: Shop) -> None:
    draft = draft_for(shop)

    refilling.start_over(shop.delivery, by=None)

    draft.refresh_from_db()
    shop.delivery.refresh_from_db()
    assert draft.audience == shop.delivery.audience


def test_an_erasure_does_not_wait_for_a_list_that_was_replaced(shop: Shop) -> None:
    run = refilling.start_over(shop.delivery, by=None)
    assert run is not None
    drive(run)

    wanted = Wanted("email", sha256(b"member00020@example.com").digest())
    erasure = erasing.request(shop.workspace, by=None, wanted=[wanted])
    erasing.work(erasure.pk)
    for run in Run.objects.active():
        drive_through(run)

    assert erasing.work(erasure.pk) == 0
    assert set(erasure.removals.values_list("state", flat=True)) == {RemovalState.GONE, RemovalState.REMOVED}
