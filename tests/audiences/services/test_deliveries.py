"""The life of a delivery, and what its moves do to a run under way."""

from typing import Any

import pytest

from audiences import tasks
from audiences.models import Run, Trigger
from audiences.services import deliveries
from audiences.services.refusals import ServiceRefusal
from audiences.states import DeliveryState, RunState
from pinconnect.alerts.models import Alert
from pinconnect.profiles.signals import profile_recovered
from tests.factories_audiences import Shop, drive, expected_members, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
ROWS = people(range(30))


@pytest.fixture
def shop(simulator: SimulatorInTest, settings: Any) -> Shop:
    settings.BATCH_RECORDS = 10
    return make_shop(simulator, ROWS)


def state_of(shop: Shop) -> tuple[str, str]:
    shop.delivery.refresh_from_db()
    return shop.delivery.state, shop.delivery.pause_reason


def test_publishing_starts_the_first_run_in_the_same_step(shop: Shop) -> None:
    run = Run.objects.get()

    assert state_of(shop) == (DeliveryState.ACTIVE, "")
    assert (run.number, run.trigger, run.state) == (1, "published", RunState.QUEUED)
    with pytest.raises(ServiceRefusal, match="not_a_draft"):
        deliveries.publish(shop.delivery, by=None)


def test_a_paused_delivery_lets_its_run_wait_and_resuming_goes_on(shop: Shop) -> None:
    run = Run.objects.get()
    tasks.prepare_run(run.pk)
    deliveries.pause(shop.delivery, by=None)

    run = drive(run)
    assert (run.state, run.reason) == (RunState.UPLOADING, "paused")
    assert not shop.simulator.calls(), "nothing is sent while it is paused"
    deliveries.resume(shop.delivery, by=None)
    run = drive(run)

    assert run.state == RunState.DONE
    assert shop.members == expected_members(ROWS)


def test_a_run_that_is_prepared_while_its_delivery_is_paused_says_why_it_waits(shop: Shop) -> None:
    deliveries.pause_for_profile(shop.delivery, "not_permitted")

    run = drive(Run.objects.get())

    assert (run.state, run.reason) == (RunState.UPLOADING, "not_permitted")


def test_a_paused_delivery_starts_nothing(shop: Shop) -> None:
    deliveries.pause(shop.delivery, by=None)

    with pytest.raises(ServiceRefusal) as refused:
        shop.start()

    assert refused.value.code == "paused"


def test_pausing_and_resuming_twice_is_refused_in_words(shop: Shop) -> None:
    with pytest.raises(ServiceRefusal, match="not_paused"):
        deliveries.resume(shop.delivery, by=None)
    deliveries.pause(shop.delivery, by=None)
    with pytest.raises(ServiceRefusal, match="not_active"):
        deliveries.pause(shop.delivery, by=None)


def test_a_profile_that_recovers_brings_its_deliveries_back(shop: Shop) -> None:
    tasks.prepare_run(Run.objects.get().pk)
    deliveries.pause_for_profile(shop.delivery, "profile_expired")
    assert state_of(shop) == (DeliveryState.PAUSED, "profile_expired")
    assert Alert.objects.filter(resolved_at=None).count() == 1

    profile_recovered.send(sender=None, profile=shop.profile)

    assert state_of(shop) == (DeliveryState.ACTIVE, "")
    assert not Alert.objects.filter(resolved_at=None).exists()
    assert drive(Run.objects.get()).state == RunState.DONE


def test_what_a_person_paused_is_not_resumed_by_a_profile(shop: Shop) -> None:
    deliveries.pause(shop.delivery, by=None)

    profile_recovered.send(sender=None, profile=shop.profile)

    assert state_of(shop) == (DeliveryState.PAUSED, "")


def test_a_person_cannot_resume_with_a_profile_that_is_refused(shop: Shop) -> None:
    deliveries.pause_for_profile(shop.delivery, "profile_expired")
    shop.profile.state = "expired"
    shop.profile.save()

    with pytest.raises(ServiceRefusal, match="needs_resume"):
        deliveries.resume(shop.delivery, by=None)


def test_archiving_stops_the_run_and_frees_the_name(shop: Shop) -> None:
    deliveries.archive(shop.delivery, by=None)

    run = Run.objects.get()
    assert (run.state, run.reason) == (RunState.CANCELLED, "archived")
    assert state_of(shop)[0] == DeliveryState.ARCHIVED
    for call in (deliveries.archive, deliveries.publish):
        with pytest.raises(ServiceRefusal, match="archived"):
            call(shop.delivery, by=None)


def test_archiving_leaves_an_erasure_to_its_end(shop: Shop) -> None:
    Run.objects.update(trigger=Trigger.ERASURE)

    deliveries.archive(shop.delivery, by=None)

    assert Run.objects.get().state == RunState.QUEUED


def test_a_profile_that_recovers_starts_nothing_because_of_an_erasure_in_between(shop: Shop) -> None:
    erasure = drive(Run.objects.get())
    erasure.pk, erasure.number, erasure.trigger = None, 2, Trigger.ERASURE
    erasure.plan = {**erasure.plan, "snapshots": []}
    erasure.save(force_insert=True)
    deliveries.pause_for_profile(shop.delivery, "profile_expired")

    profile_recovered.send(sender=None, profile=shop.profile)

    assert state_of(shop) == (DeliveryState.ACTIVE, "")
    assert Run.objects.count() == 2, "the data is what the last run has delivered"


def test_a_profile_that_recovers_delivers_what_arrived_before_an_erasure(shop: Shop) -> None:
    erasure = drive(Run.objects.get())
    shop.change(people(range(31)))
    erasure.pk, erasure.number, erasure.trigger = None, 2, Trigger.ERASURE
    erasure.save(force_insert=True)
    deliveries.pause_for_profile(shop.delivery, "profile_expired")

    profile_recovered.send(sender=None, profile=shop.profile)

    assert Run.objects.get(number=3).trigger == Trigger.NEW_DATA
