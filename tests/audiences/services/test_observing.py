"""What Pinterest makes of a list is asked for less and less often, and said in words."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from audiences import tasks
from audiences.models import Audience, Run
from audiences.services import deliveries, observing
from audiences.states import RunState
from pinconnect.alerts.models import Alert
from tests.factories_audiences import Shop, drive, make_shop, people
from tests.support.simulator import SimulatorInTest

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "is_finished", "wait"),
    [
        (timedelta(seconds=1), False, timedelta(seconds=3)),
        (timedelta(minutes=10), False, timedelta(minutes=5)),
        (timedelta(hours=40), False, timedelta(hours=6)),
        (timedelta(minutes=1), True, timedelta(hours=12)),
    ],
)
def test_the_older_the_change_the_rarer_the_question(age: timedelta, is_finished: bool, wait: timedelta) -> None:
    assert observing.next_look(NOON - age, NOON, is_finished=is_finished) == NOON + wait


@pytest.mark.parametrize("settled_at", [None, NOON - timedelta(hours=72)])
def test_after_three_days_it_is_asked_daily_while_something_is_delivered(settled_at: datetime | None) -> None:
    assert observing.next_look(settled_at, NOON, is_finished=False, is_active=True) == NOON + timedelta(days=1)
    assert observing.next_look(settled_at, NOON, is_finished=False) is None


def delivered(simulator: SimulatorInTest, count: int) -> Shop:
    shop = make_shop(simulator, people(range(count)))
    assert drive(Run.objects.select_related("audience").get()).state == RunState.DONE
    return shop


def observe(simulator: SimulatorInTest, **advance: float) -> Audience:
    simulator.advance(advance.get("seconds", 10))
    Audience.objects.update(observe_at=timezone.now())
    tasks.observe_audience(Audience.objects.get().pk)
    return Audience.objects.get()


@pytest.mark.django_db
def test_a_large_list_becomes_ready_with_its_size(simulator: SimulatorInTest) -> None:
    delivered(simulator, 150)

    before = observe(simulator, seconds=0)
    assert (before.list_state, before.audience_state) == ("PROCESSING", "INITIALIZING")
    after = observe(simulator)

    assert (after.list_state, after.audience_state, after.size) == ("READY", "READY", 150)
    assert after.observed_at is not None
    assert not Alert.objects.exists()


@pytest.mark.django_db
def test_a_small_list_is_explained_and_the_word_is_taken_back_when_it_grows(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator, 20)
    assert observe(simulator).audience_state == "TOO_SMALL"
    assert Alert.objects.get(resolved_at=None).kind == "audiences.too_small"

    shop.change(people(range(200)))
    drive(shop.start())
    observe(simulator)

    assert not Alert.objects.filter(resolved_at=None).exists()


@pytest.mark.django_db
def test_pinterest_that_does_not_answer_is_asked_again_later(simulator: SimulatorInTest) -> None:
    delivered(simulator, 20)
    simulator.fault("unavailable", operation="customer_lists/get", times=None)

    found = observe(simulator)

    assert found.observe_at is not None
    assert found.observe_at > timezone.now() + timedelta(minutes=4)
    assert found.lease_until is None


@pytest.mark.django_db
@pytest.mark.parametrize("fault", ["", "unavailable"])
def test_a_change_that_is_settled_meanwhile_is_watched_from_then_on(
    simulator: SimulatorInTest, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    delivered(simulator, 20)
    if fault:
        simulator.fault(fault, operation="customer_lists/get", times=None)
    now, asked = timezone.now() + timedelta(seconds=1), observing._ask

    def settled_meanwhile(*args: Any) -> Any:
        Audience.objects.update(settled_at=now, observe_at=now)
        return asked(*args)

    monkeypatch.setattr(observing, "_ask", settled_meanwhile)
    monkeypatch.setattr(observing, "_make_missing", lambda *_: None)

    found = observe(simulator)

    assert (found.settled_at, found.observe_at, found.lease_until) == (now, now, None)


def unknown(simulator: SimulatorInTest, what: str, *, times: int | None) -> None:
    simulator.fault("error", operation=f"{what}/get", status=404, code=404, message="Not found.", times=times)


def minute_passes() -> None:
    for field in ("list_missing_at", "audience_missing_at"):
        Audience.objects.exclude(**{field: None}).update(**{field: timezone.now() - timedelta(minutes=1)})


GONE = [("customer_lists", "list_gone", "list_state"), ("audiences", "audience_gone", "audience_state")]


@pytest.mark.django_db
@pytest.mark.parametrize(("what", "kind", "field"), GONE)
def test_what_was_deleted_is_noticed_when_pinterest_has_said_so_twice(
    simulator: SimulatorInTest, what: str, kind: str, field: str
) -> None:
    delivered(simulator, 150)
    assert getattr(observe(simulator), field) == "READY"
    unknown(simulator, what, times=None)

    assert getattr(observe(simulator), field) == "READY"
    found = observe(simulator)
    assert (getattr(found, field), Alert.objects.count()) == ("READY", 0), (
        "two answers within a minute are as good as one"
    )
    assert found.observe_at is not None
    assert timedelta(seconds=30) < found.observe_at - timezone.now() <= timedelta(seconds=60)
    minute_passes()
    found = observe(simulator)

    assert getattr(found, field) == "GONE"
    assert Alert.objects.get(resolved_at=None).kind == f"audiences.{kind}"


@pytest.mark.django_db
@pytest.mark.parametrize(("what", "kind", "field"), GONE)
def test_what_is_not_found_once_and_then_again_much_later_was_there_in_between(
    simulator: SimulatorInTest, what: str, kind: str, field: str
) -> None:
    delivered(simulator, 150)
    for _ in range(2):
        assert getattr(observe(simulator), field) == "READY"
        unknown(simulator, what, times=1)
        assert getattr(observe(simulator), field) == "READY"
        minute_passes()

    assert getattr(observe(simulator), field) == "READY"
    assert not Alert.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("what", "kind", "field"), GONE)
def test_a_note_from_days_ago_confirms_nothing(simulator: SimulatorInTest, what: str, kind: str, field: str) -> None:
    delivered(simulator, 150)
    assert getattr(observe(simulator), field) == "READY"
    unknown(simulator, what, times=2)
    Audience.objects.update(**{field.replace("state", "missing_at"): timezone.now() - timedelta(days=2)})

    assert getattr(observe(simulator), field) == "READY"
    minute_passes()
    assert getattr(observe(simulator), field) != "READY"


@pytest.mark.django_db
def test_matching_that_takes_days_is_mentioned(simulator: SimulatorInTest) -> None:
    delivered(simulator, 150)
    Audience.objects.update(settled_at=timezone.now() - timedelta(hours=80))

    found = observe(simulator, seconds=0)

    assert found.observe_at is not None
    assert found.observe_at - timezone.now() > timedelta(hours=23)
    assert Alert.objects.get().kind == "audiences.still_matching"


@pytest.mark.django_db
def test_a_paused_delivery_is_not_watched_daily_and_its_resumption_begins_it_again(simulator: SimulatorInTest) -> None:
    shop = delivered(simulator, 150)
    deliveries.pause(shop.delivery, by=None)
    Audience.objects.update(settled_at=timezone.now() - timedelta(hours=80))
    assert observe(simulator).observe_at is None
    assert observing.arm() == 0

    deliveries.resume(shop.delivery, by=None)

    assert observing.arm() == 1
    assert Audience.objects.get().observe_at is not None


@pytest.mark.django_db
def test_all_looks_share_a_small_part_of_a_trial_app_s_calls(simulator: SimulatorInTest, settings: Any) -> None:
    delivered(simulator, 20)
    settings.PINTEREST_TIER = "trial"
    simulator.control("calls", method="DELETE")

    for _ in range(105):
        found = observe(simulator)

    assert len(simulator.calls()) == 200
    assert found.observe_at is not None
    assert found.observe_at > timezone.now() + timedelta(minutes=5)


@pytest.mark.django_db
def test_the_longer_pinterest_is_silent_the_rarer_it_is_asked(simulator: SimulatorInTest) -> None:
    delivered(simulator, 20)
    Audience.objects.update(observed_at=timezone.now() - timedelta(hours=20))
    simulator.fault("unavailable", operation="customer_lists/get", times=None)

    found = observe(simulator)

    assert found.observe_at is not None
    assert found.observe_at > timezone.now() + timedelta(hours=9)


@pytest.mark.django_db
def test_two_workers_do_not_ask_at_once(simulator: SimulatorInTest) -> None:
    delivered(simulator, 20)
    Audience.objects.update(observe_at=timezone.now(), lease_until=timezone.now() + timedelta(minutes=1))

    assert tasks.observe_audience(Audience.objects.get().pk) == ""


@pytest.mark.django_db
def test_a_clock_that_was_set_back_does_not_keep_a_deleted_list_from_being_noticed(simulator: SimulatorInTest) -> None:
    delivered(simulator, 150)
    unknown(simulator, "customer_lists", times=None)
    Audience.objects.update(list_missing_at=timezone.now() + timedelta(days=1))

    observe(simulator)
    minute_passes()

    assert observe(simulator).list_state == "GONE"
