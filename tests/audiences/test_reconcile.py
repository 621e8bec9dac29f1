"""What the reconciler finds when hints were lost, workers died, or nobody looks after the queue."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from audiences import hinting, reconcile, tasks
from audiences.models import Audience, Batch, Delivery, Run, Trigger
from audiences.services import deliveries
from audiences.states import BatchState, DeliveryState, RunState
from pinconnect.alerts.models import Alert
from pinconnect.profiles.models import Profile
from tests.factories_audiences import Shop, drive, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db


@pytest.fixture
def hinted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were asked for."""
    asked: list[str] = []
    monkeypatch.setattr(hinting.hints, "enqueue", lambda path, pk, cluster="short": asked.append(f"{path}@{cluster}"))
    return asked


@pytest.fixture
def shop(simulator: SimulatorInTest, settings: Any, hinted: list[str]) -> Shop:
    settings.BATCH_RECORDS = 10
    made = make_shop(simulator, people(range(30)))
    forget_hints(hinted)
    return made


def forget_hints(hinted: list[str]) -> None:
    hinted.clear()
    Run.objects.update(hinted_at=None)


def only_run() -> Run:
    return Run.objects.select_related("audience").get()


def test_a_queued_run_that_nobody_heard_of_is_hinted_once(shop: Shop, hinted: list[str]) -> None:
    reconcile.hint_runs()
    reconcile.hint_runs()

    assert hinted == ["audiences.tasks.carry_run@short"]


def test_large_data_goes_to_the_workers_that_have_time(shop: Shop, hinted: list[str]) -> None:
    run = only_run()
    run.is_large = True
    run.save()

    reconcile.hint_runs()

    assert hinted == ["audiences.tasks.prepare_and_send@prepare"]


def test_a_run_whose_worker_lives_is_left_alone(shop: Shop, hinted: list[str]) -> None:
    Run.objects.update(state=RunState.PREPARING, lease_until=timezone.now() + timedelta(minutes=1))

    assert reconcile.hint_runs() == 0
    Run.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert reconcile.hint_runs() == 1


def test_an_uploading_run_gets_pumps_until_enough_are_at_work(shop: Shop, hinted: list[str], settings: Any) -> None:
    tasks.prepare_run(only_run().pk)
    forget_hints(hinted)
    reconcile.hint_runs()
    assert hinted == ["audiences.tasks.pump_run@short"]

    forget_hints(hinted)
    first, second, third = Batch.objects.order_by("pk").values_list("pk", flat=True)
    until = timezone.now() + timedelta(minutes=1)
    sending = {"state": BatchState.SENDING, "lease_until": until}
    Batch.objects.filter(pk__in=[first, second]).update(**sending, lease_token="of one worker")
    reconcile.hint_runs()
    assert hinted == ["audiences.tasks.pump_run@short"], "one is sending two of them"

    forget_hints(hinted)
    Batch.objects.filter(pk=third).update(**sending, lease_token="of another")
    reconcile.hint_runs()

    assert not hinted, "two are sending already"
    assert tasks.pump_run(only_run().pk) == 0, "and a third finds enough at work"


def test_a_run_that_waits_is_hinted_when_its_time_comes(shop: Shop, hinted: list[str]) -> None:
    tasks.prepare_run(only_run().pk)
    hinted.clear()
    Run.objects.update(next_attempt_at=timezone.now() + timedelta(hours=1))
    assert reconcile.hint_runs() == 0

    now = timezone.now()
    Run.objects.update(next_attempt_at=now - timedelta(seconds=1), hinted_at=now - timedelta(seconds=2))

    assert reconcile.hint_runs() == 1


def test_a_paused_run_is_not_pumped(shop: Shop, hinted: list[str]) -> None:
    tasks.prepare_run(only_run().pk)
    deliveries.pause(shop.delivery, by=None)
    forget_hints(hinted)

    assert reconcile.hint_runs() == 0


def test_a_run_with_nothing_open_goes_on_to_settling_and_is_settled(shop: Shop, hinted: list[str]) -> None:
    tasks.prepare_run(only_run().pk)
    Batch.objects.update(state=BatchState.SENT)
    forget_hints(hinted)

    reconcile.hint_runs()
    assert only_run().state == RunState.SETTLING
    forget_hints(hinted)
    reconcile.hint_runs()

    assert hinted == ["audiences.tasks.settle_run@short"]


def test_a_cancelled_preparation_whose_worker_died_is_ended(shop: Shop) -> None:
    Run.objects.update(
        state=RunState.PREPARING, cancel_asked_at=timezone.now(), lease_until=timezone.now() - timedelta(seconds=1)
    )

    assert reconcile.finish_cancelled() == 1
    assert only_run().state == RunState.CANCELLED


def test_a_run_that_sends_although_it_was_cancelled_is_stopped(shop: Shop) -> None:
    tasks.prepare_run(only_run().pk)
    Run.objects.update(cancel_asked_at=timezone.now())

    assert reconcile.finish_cancelled() == 1

    assert (only_run().ending, only_run().reason) == ("cancelled", "cancelled")
    assert reconcile.finish_cancelled() == 0, "it is stopped already"
    assert drive(only_run()).state == RunState.CANCELLED


@pytest.mark.parametrize("state", [RunState.QUEUED, RunState.HELD, RunState.UPLOADING])
def test_a_run_left_over_of_an_archived_delivery_is_stopped(shop: Shop, state: str) -> None:
    tasks.prepare_run(only_run().pk)
    Run.objects.update(state=state)
    Delivery.objects.update(state=DeliveryState.ARCHIVED)

    assert reconcile.finish_cancelled() == 1

    assert drive(only_run()).state == RunState.CANCELLED
    assert only_run().reason == "archived"


def test_a_run_that_erases_people_goes_on_although_its_delivery_is_archived(shop: Shop) -> None:
    tasks.prepare_run(only_run().pk)
    Run.objects.update(trigger=Trigger.ERASURE)
    Delivery.objects.update(state=DeliveryState.ARCHIVED)

    assert reconcile.finish_cancelled() == 0

    assert not only_run().ending


def test_audiences_that_are_due_are_observed(shop: Shop, hinted: list[str]) -> None:
    Audience.objects.update(observe_at=timezone.now(), customer_list_id="5")

    assert reconcile.hint_observations() == 1
    assert hinted == ["audiences.tasks.observe_audience@short"]


@pytest.mark.parametrize(("newer", "is_resumed"), [(0, False), (1, True)])
def test_a_delivery_resumes_with_fresh_tokens_even_if_nobody_says_so(shop: Shop, newer: int, is_resumed: bool) -> None:
    deliveries.pause_for_profile(shop.delivery, "profile_expired")
    Profile.objects.update(token_version=F("token_version") + newer)

    assert reconcile.resume_recovered() == int(is_resumed)
    shop.delivery.refresh_from_db()
    assert (shop.delivery.state == DeliveryState.ACTIVE) is is_resumed


def test_a_run_that_does_not_move_is_reported_and_the_report_taken_back(shop: Shop) -> None:
    assert reconcile.report_stuck() == 0
    Run.objects.update(created_at=timezone.now() - timedelta(hours=1))
    assert reconcile.report_stuck() == 1
    assert Alert.objects.get(resolved_at=None).kind == "audiences.run_stuck"

    Run.objects.update(lease_until=timezone.now() + timedelta(minutes=1))
    assert reconcile.report_stuck() == 0
    assert not Alert.objects.filter(resolved_at=None).exists()


@pytest.mark.parametrize(("attempts", "stuck"), [(2, 0), (8, 1)])
def test_a_run_that_fails_again_and_again_is_reported_although_it_waits(shop: Shop, attempts: int, stuck: int) -> None:
    soon, long_ago = timezone.now() + timedelta(minutes=10), timezone.now() - timedelta(hours=2)
    Run.objects.update(state=RunState.SETTLING, created_at=long_ago, next_attempt_at=soon, attempts=attempts)
    deliveries.pause(shop.delivery, by=None)

    assert reconcile.report_stuck() == stuck


def test_reconciling_alone_brings_a_run_to_its_end(shop: Shop, hinted: list[str]) -> None:
    for _ in range(20):
        forget_hints(hinted)
        reconcile.hint_runs()
        for hint in list(hinted):
            getattr(tasks, hint.split("@")[0].rsplit(".")[-1])(only_run().pk)

    assert only_run().state == RunState.DONE
    assert len(shop.members) == 30


def test_reconciling_an_ended_run_does_nothing(shop: Shop, hinted: list[str]) -> None:
    drive(only_run())
    forget_hints(hinted)

    assert (reconcile.hint_runs(), reconcile.finish_cancelled(), reconcile.report_stuck()) == (0, 0, 0)
