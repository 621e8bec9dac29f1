"""The host's clock jumps while runs are under way, forwards and back; Pinterest's does not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from audiences import reconcile, tasks
from audiences.models import Audience, Batch, Run
from audiences.models.schedule import Rhythm, Schedule
from audiences.services import refilling, schedules
from audiences.states import RunState
from pinconnect.profiles.models import Profile
from pinconnect.queue import clock, leases, limits, reconciler
from pinconnect.queue.models import Reconciler
from tests.factories_audiences import Shop, drive, drive_through, expected_members, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
START = datetime(2027, 3, 1, 12, tzinfo=UTC)
ROWS = people(range(60))
STEPS = [timedelta(hours=1), timedelta(hours=-1), timedelta(days=400), timedelta(days=-400)]
ids = [f"{step.total_seconds():+.0f} s" for step in STEPS]


class Clock:
    """The wall clock of the host. What only goes forward is counted in passed_s."""

    def __init__(self, traveller: Any, simulator: SimulatorInTest) -> None:
        self._traveller, self._simulator = traveller, simulator
        self.passed_s = 0.0
        self.watch = clock.Watch(steady=lambda: self.passed_s)

    def passes(self, seconds: float) -> None:
        self._traveller.shift(seconds)
        self.passed_s += seconds

    def jumps(self, step: timedelta) -> None:
        """Only here: the simulator's clock is put back to where it was."""
        self._traveller.shift(step.total_seconds())
        self._simulator.advance(-step.total_seconds())


@pytest.fixture
def wall(simulator: SimulatorInTest) -> Iterator[Clock]:
    with time_machine.travel(START, tick=True) as traveller:
        yield Clock(traveller, simulator)


@pytest.fixture
def shop(wall: Clock, simulator: SimulatorInTest, settings: Any) -> Shop:
    settings.BATCH_RECORDS = 10
    return make_shop(simulator, ROWS)


def goes_on(wall: Clock, *, minutes: int = 15) -> Run:
    """What a worker does, look by look, until the run has ended or the time is up."""
    end = wall.passed_s + 60 * minutes
    run = Run.objects.select_related("audience").get()
    while not run.is_finished and wall.passed_s < end:
        wall.watch.look()
        reconcile.hint_runs()
        drive(run)
        wall.passes(10)
    return run


def assert_it_ends_right(shop: Shop, wall: Clock) -> None:
    run = goes_on(wall)

    assert (run.state, run.reason) == (RunState.DONE, "")
    assert shop.members == expected_members(ROWS)
    assert len(shop.simulator.control("state")["customer_lists"]) == 1
    assert Profile.objects.get().state == "connected"


@pytest.mark.parametrize("step", STEPS, ids=ids)
def test_a_jump_between_preparing_and_sending_changes_nothing(shop: Shop, wall: Clock, step: timedelta) -> None:
    tasks.prepare_run(Run.objects.get().pk)

    wall.jumps(step)

    assert_it_ends_right(shop, wall)


@pytest.mark.parametrize("step", STEPS, ids=ids)
def test_what_a_lost_host_held_before_the_jump_is_taken_over_soon(shop: Shop, wall: Clock, step: timedelta) -> None:
    tasks.prepare_run(Run.objects.get().pk)
    batch = Batch.objects.order_by("pk")[0]
    assert leases.claim(Batch.objects.all(), pk=batch.pk, lease_s=60, state="sending", attempts=1)

    wall.jumps(step)

    assert_it_ends_right(shop, wall)


@pytest.mark.parametrize("step", STEPS, ids=ids)
def test_a_preparation_whose_host_was_lost_before_the_jump_begins_again(
    shop: Shop, wall: Clock, step: timedelta
) -> None:
    run = Run.objects.get()
    assert leases.claim(
        Run.objects.all(), pk=run.pk, lease_s=30, state="preparing", attempts=1, hinted_at=timezone.now()
    )

    wall.jumps(step)

    assert_it_ends_right(shop, wall)


@pytest.mark.parametrize("step", STEPS, ids=ids)
def test_a_wait_for_pinterest_is_as_long_as_was_meant(shop: Shop, wall: Clock, step: timedelta) -> None:
    tasks.prepare_run(Run.objects.get().pk)
    shop.simulator.fault("rate_limited", operation="customer_lists/create", reset=90)
    drive(Run.objects.get())
    assert Run.objects.get().reason == "rate_limited"

    wall.jumps(step)

    assert_it_ends_right(shop, wall)
    assert wall.passed_s < 300


@pytest.mark.parametrize("step", STEPS, ids=ids)
@pytest.mark.parametrize("fault", ["drop_after", "drop_before"])
def test_an_unanswered_creation_is_looked_up_as_soon_as_was_meant(
    shop: Shop, wall: Clock, step: timedelta, fault: str
) -> None:
    tasks.prepare_run(Run.objects.get().pk)
    shop.simulator.fault(fault, operation="customer_lists/create")
    drive(Run.objects.get())
    assert Audience.objects.get().list_create_asked_at is not None

    wall.jumps(step)

    assert_it_ends_right(shop, wall)
    assert wall.passed_s < 300


@pytest.mark.parametrize("step", STEPS, ids=ids)
def test_a_second_look_for_a_creation_comes_as_soon_as_was_meant(shop: Shop, wall: Clock, step: timedelta) -> None:
    tasks.prepare_run(Run.objects.get().pk)
    shop.simulator.fault("drop_before", operation="customer_lists/create")
    run = Run.objects.get()
    while Audience.objects.get().list_looked_up_at is None:
        drive(run)
        wall.passes(10)

    passed_s = wall.passed_s
    wall.jumps(step)

    assert_it_ends_right(shop, wall)
    assert wall.passed_s - passed_s < 200


@pytest.mark.parametrize("step", STEPS, ids=ids)
def test_a_list_that_is_gone_is_known_to_be_whenever_it_was_seen_last(
    shop: Shop, wall: Clock, simulator: SimulatorInTest, step: timedelta
) -> None:
    assert goes_on(wall).state == RunState.DONE
    tasks.observe_audience(Audience.objects.get().pk)
    wall.jumps(step)
    for table in ("audiences", "customer_lists"):
        simulator.app.world.store.run(f"DELETE FROM {table}")
    shop.change(people(range(10, 70)))

    run = drive_through(shop.start())

    assert run.reason == "list_gone"
    assert Audience.objects.get().observed_at is not None
    assert refilling.is_gone(Audience.objects.get())


@pytest.mark.parametrize("step", STEPS, ids=ids)
def test_a_holder_that_lives_keeps_its_lease_over_a_jump(shop: Shop, wall: Clock, step: timedelta) -> None:
    pk = Audience.objects.get().pk
    token = leases.claim(Audience.objects.all(), pk=pk, lease_s=60)
    assert token

    wall.jumps(step)

    assert leases.renew(Audience.objects.all(), pk=pk, token=token, lease_s=60)
    assert leases.claim(Audience.objects.all(), pk=pk, lease_s=60) is None


@pytest.mark.parametrize("step", STEPS, ids=ids)
def test_reconcilers_go_on_at_once(wall: Clock, step: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []
    monkeypatch.setattr(reconciler, "_registered", {})
    reconciler.register("counted", lambda: ran.append(1), every_s=5)
    reconciler.run_due()

    wall.jumps(step)
    wall.passes(5)
    reconciler.run_due()

    assert len(ran) == 2
    assert Reconciler.objects.get(name="counted").due_at <= timezone.now() + timedelta(seconds=5)


@pytest.mark.parametrize("step", STEPS, ids=ids)
def test_a_rate_that_was_used_up_is_granted_again_soon(wall: Clock, step: timedelta) -> None:
    while limits.take("calls", per_minute=60, burst=6) == 0:
        pass

    wall.jumps(step)
    wall.passes(2)

    assert limits.take("calls", per_minute=60, burst=6) == 0


@pytest.mark.parametrize("step", STEPS, ids=ids)
def test_an_interval_goes_on_in_its_rhythm_and_cron_follows_the_clock(shop: Shop, wall: Clock, step: timedelta) -> None:
    goes_on(wall)
    schedules.change(shop.delivery, schedules.Wish(Rhythm.INTERVAL, every_minutes=60), by=None)
    daily = schedules.Wish(Rhythm.CRON, cron="0 18 * * *")
    wall.jumps(step)
    wall.watch.look()

    assert Schedule.objects.get().due_at <= timezone.now() + timedelta(minutes=61)
    schedules.change(shop.delivery, daily, by=None)
    wall.jumps(step)
    wall.watch.look()
    assert Schedule.objects.get().due_at <= timezone.now() + timedelta(days=1, hours=1)


@pytest.mark.parametrize("step", STEPS, ids=ids)
def test_tokens_that_seem_to_have_ended_or_to_last_for_ever_are_renewed_when_needed(
    shop: Shop, wall: Clock, step: timedelta
) -> None:
    wall.jumps(step)
    shop.simulator.fault("expired_token", operation="customer_lists/update")

    assert_it_ends_right(shop, wall)
