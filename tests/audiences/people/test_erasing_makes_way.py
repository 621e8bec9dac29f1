"""What a person would have to set going again makes way for an erasure, and is started again afterwards."""

from typing import Any

import pytest

from audiences import tasks
from audiences.models import Audience, Batch, Delivery, Erasure, Removal, RemovalState, Run, Trigger
from audiences.people import displacing, erasing, receipt
from audiences.people.members import Wanted
from audiences.pipeline import upload
from audiences.services import deliveries, runs
from audiences.states import BatchState, DeliveryState, RunState
from pinconnect.profiles.models import Profile
from tests.audiences.people.helpers import ask, carry_out, delivered, digests, email
from tests.factories_audiences import Shop, drive, make_due, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(simulator: SimulatorInTest, settings: Any) -> Shop:
    """The first of three batches is sent."""
    settings.BATCH_RECORDS = 100
    shop = make_shop(simulator, people(range(300)))
    tasks.prepare_run(Run.objects.get().pk)
    upload.pump(Run.objects.get().pk, budget_s=0)
    assert len(shop.members) == 100
    return shop


def first() -> Run:
    return Run.objects.get(number=1)


def on_list(shop: Shop) -> Wanted:
    """Somebody of the first batch."""
    return Wanted("email", bytes.fromhex(min(digests(shop))))


def go_on(erasure: Erasure, *, rounds: int = 8) -> Removal:
    """Everybody does what can be done, as if time passed."""
    for _ in range(rounds):
        Removal.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=None)
        erasing.work(erasure.pk)
        for run in Run.objects.active():
            make_due(run)
            drive(run)
    found: Removal = erasure.removals.get()
    return found


def test_half_sent_run_of_a_paused_delivery_is_ended(shop: Shop) -> None:
    deliveries.pause(shop.delivery, by=None)
    person = on_list(shop)

    removal = go_on(ask(shop, person))

    assert (first().state, first().reason) == (RunState.CANCELLED, "stopped_for_erasure")
    assert removal.state == RemovalState.REMOVED
    assert person.digest.hex() not in digests(shop)
    assert Audience.objects.get().member_count == len(shop.members) == 99


def test_so_is_one_whose_delivery_was_paused_while_it_was_prepared(simulator: SimulatorInTest) -> None:
    shop = make_shop(simulator, people(range(300)))
    Delivery.objects.update(state=DeliveryState.PAUSED)

    removal = go_on(ask(shop))

    assert first().reason == "stopped_for_erasure"
    assert removal.state == RemovalState.ABSENT


def test_it_is_started_again_when_the_delivery_is_resumed(shop: Shop) -> None:
    deliveries.pause(shop.delivery, by=None)
    removal = go_on(ask(shop, on_list(shop)))
    assert displacing.start_left() == 0
    assert removal.displaced == first()

    deliveries.resume(shop.delivery, by=None)

    assert displacing.start_left() == 1
    assert drive(Run.objects.active().get()).state == RunState.DONE
    assert len(shop.members) == 299
    assert displacing.start_left() == 0


def test_held_run_is_started_again_when_the_delivery_is_resumed(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)
    shop.change(people(range(100)))
    held = drive(shop.start())
    assert held.state == RunState.HELD
    deliveries.pause(shop.delivery, by=None)
    carry_out(ask(shop))
    assert not Run.objects.active().exists()

    deliveries.resume(shop.delivery, by=None)
    displacing.start_left()

    assert drive(Run.objects.active().get()).state == RunState.HELD


def test_what_somebody_has_started_or_archived_since_is_left_alone(shop: Shop) -> None:
    deliveries.pause(shop.delivery, by=None)
    go_on(ask(shop, on_list(shop)))
    deliveries.resume(shop.delivery, by=None)
    drive(shop.start())

    assert displacing.start_left() == 1, "it is over"
    assert not Run.objects.active().exists()

    Removal.objects.update(displaced=first())
    deliveries.archive(shop.delivery, by=None)

    assert displacing.start_left() == 1
    assert not Run.objects.active().exists()


def test_nothing_is_started_while_another_run_of_the_list_is_under_way(shop: Shop) -> None:
    deliveries.pause(shop.delivery, by=None)
    erasure = ask(shop, on_list(shop))
    go_on(erasure)
    erasing.work(ask(shop, on_list(shop)).pk)
    deliveries.resume(shop.delivery, by=None)

    assert displacing.start_left() == 0
    assert Run.objects.active().get().trigger == Trigger.ERASURE
    assert erasure.removals.get().displaced == first()


def leave_unanswered(shop: Shop) -> None:
    """Pinterest carries out the second batch and does not say so."""
    shop.simulator.fault("server_error", operation="customer_lists/update", when="after")
    make_due(first())
    upload.pump(first().pk, budget_s=0)
    shop.simulator.clear_faults()
    assert Batch.objects.filter(state=BatchState.UNKNOWN).exists()


def test_what_pinterest_has_not_answered_is_cleared_up_first(shop: Shop) -> None:
    leave_unanswered(shop)
    deliveries.pause(shop.delivery, by=None)
    person = on_list(shop)

    removal = go_on(ask(shop, person))

    assert removal.state == RemovalState.REMOVED
    assert not Batch.objects.filter(state=BatchState.UNKNOWN).exists()
    assert Audience.objects.get().member_count == len(shop.members)
    assert person.digest.hex() not in digests(shop)


def test_where_that_takes_a_profile_that_is_lost_the_receipt_says_so(shop: Shop) -> None:
    leave_unanswered(shop)
    tokens = Profile.objects.values("access_token", "refresh_token").get()
    Profile.objects.update(access_token="nonsense", refresh_token="nonsense")
    make_due(first())
    drive(first())
    assert Delivery.objects.get().pause_reason

    erasure = ask(shop, on_list(shop))
    removal = go_on(erasure)

    assert (removal.state, removal.waits_for) == (RemovalState.WAITING, "run_unsure")
    assert "Connect the profile of the delivery again" in receipt.of(erasure).lines[0].note

    Profile.objects.update(**tokens, state="connected")
    Delivery.objects.update(state=DeliveryState.ACTIVE, pause_reason="")

    assert go_on(erasure).state == RemovalState.REMOVED


def test_run_whose_files_are_lost_is_named(shop: Shop) -> None:
    Run.objects.update(files_lost_at="2026-11-26T12:00:00Z")
    erasure = ask(shop)

    erasing.work(erasure.pk)

    assert erasure.removals.get().waits_for == "run_files_lost"


def test_removal_of_another_erasure_goes_on_while_the_delivery_is_paused(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator)
    deliveries.pause(shop.delivery, by=None)
    one, two = ask(shop, email(7)), ask(shop, email(8))
    erasing.work(one.pk)
    running = Run.objects.get(trigger=Trigger.ERASURE)
    tasks.prepare_run(running.pk)

    erasing.work(two.pk)

    running.refresh_from_db()
    assert (running.state, running.ending) == (RunState.UPLOADING, "")
    assert two.removals.get().waits_for == "run_first"


def test_run_of_an_active_delivery_is_waited_for(shop: Shop) -> None:
    erasure = ask(shop, on_list(shop))

    erasing.work(erasure.pk)

    assert first().ending == ""
    assert go_on(erasure).state == RemovalState.REMOVED
    assert first().state == RunState.DONE


def test_run_that_somebody_cancelled_is_not_started_again(shop: Shop) -> None:
    deliveries.pause(shop.delivery, by=None)
    runs.cancel(first(), by=None)

    removal = go_on(ask(shop, on_list(shop)))

    assert first().reason == "cancelled"
    assert (removal.state, removal.displaced) == (RemovalState.REMOVED, None)
