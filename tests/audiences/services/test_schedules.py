"""Schedules start what is due: once, not beside another run, and making up for what was missed."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audiences.models import Run, Schedule, Trigger
from audiences.services import deliveries, schedules
from audiences.services.schedules import Wish
from pinconnect.datasets.examination.results import Asked
from pinconnect.datasets.models import Snapshot
from pinconnect.datasets.services import correct_format, examine
from tests.factories_audiences import Shop, drive, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    """Its first run is done."""
    made = make_shop(simulator, people(range(120)))
    drive(Run.objects.get())
    return made


def due_now(schedule: Schedule | None) -> None:
    assert schedule is not None
    Schedule.objects.filter(pk=schedule.pk).update(due_at=timezone.now() - timedelta(seconds=1))


def hourly(shop: Shop) -> Schedule:
    made = schedules.change(shop.delivery, Wish("interval", every_minutes=60), by=None)
    assert made is not None
    return made


def test_saving_starts_nothing_and_the_first_time_lies_ahead(shop: Shop) -> None:
    made = hourly(shop)

    assert schedules.start_due() == 0
    assert made.due_at > timezone.now() + timedelta(minutes=59)


def test_due_schedule_starts_one_run_and_moves_on(shop: Shop) -> None:
    made = hourly(shop)
    due_now(made)

    assert (schedules.start_due(), schedules.start_due()) == (1, 0)

    made.refresh_from_db()
    assert Run.objects.filter(trigger=Trigger.SCHEDULE).count() == 1
    assert made.due_at > timezone.now()


def test_two_schedulers_at_once_start_one_run(shop: Shop, monkeypatch: Any) -> None:
    due_now(hourly(shop))
    begin, others = schedules._start, []

    def overtaken(schedule: Schedule, now: Any) -> bool:
        """The other host has read the same rows and is a moment faster."""
        others.append(begin(Schedule.objects.select_related("delivery").get(pk=schedule.pk), now))
        return begin(schedule, now)

    monkeypatch.setattr(schedules, "_start", overtaken)
    mine = schedules.start_due()

    assert (mine, others) == (0, [True])
    assert Run.objects.filter(trigger=Trigger.SCHEDULE).count() == 1


def test_due_while_a_run_is_at_work_starts_right_after_it_once(shop: Shop) -> None:
    running = shop.start()
    due_now(hourly(shop))
    assert schedules.start_due() == 0

    drive(running)

    assert (schedules.start_due(), schedules.start_due()) == (1, 0)


def test_times_missed_while_paused_are_made_up_by_one_run(shop: Shop) -> None:
    made = hourly(shop)
    deliveries.pause(shop.delivery, by=None)
    Schedule.objects.filter(pk=made.pk).update(due_at=timezone.now() - timedelta(hours=30))
    assert schedules.start_due() == 0

    deliveries.resume(shop.delivery, by=None)

    assert (schedules.start_due(), schedules.start_due()) == (1, 0)
    made.refresh_from_db()
    assert made.due_at > timezone.now()


def test_new_data_starts_a_run_and_old_data_does_not(shop: Shop) -> None:
    schedules.change(shop.delivery, Wish("new_data"), by=None)
    assert schedules.start_due() == 0

    shop.change(people(range(130)))

    assert (schedules.start_due(), schedules.start_due()) == (1, 0)
    run = drive(Run.objects.filter(trigger=Trigger.NEW_DATA).get())
    assert len(shop.members) == 130
    assert run.state == "done"


def test_data_that_arrives_during_a_run_is_delivered_by_the_next(shop: Shop) -> None:
    schedules.change(shop.delivery, Wish("new_data"), by=None)
    shop.change(people(range(130)))
    schedules.start_due()
    shop.change(people(range(140)))
    assert schedules.start_due() == 0

    drive(Run.objects.order_by("pk").last())
    assert schedules.start_due() == 1
    drive(Run.objects.order_by("pk").last())

    assert len(shop.members) == 140


def test_by_hand_takes_the_schedule_away(shop: Shop) -> None:
    hourly(shop)

    assert schedules.change(shop.delivery, Wish(""), by=None) is None
    assert not Schedule.objects.exists()


def test_refused_start_is_noted_and_tried_again_at_the_next_time(shop: Shop, monkeypatch: Any) -> None:
    made = hourly(shop)
    due_now(made)
    shop.delivery.columns.all().delete()

    assert schedules.start_due() == 0

    made.refresh_from_db()
    assert made.refusal == "no_columns"
    assert made.due_at > timezone.now()


def new_data(shop: Shop) -> Schedule:
    made = schedules.change(shop.delivery, Wish("new_data"), by=None)
    assert made is not None
    return made


def test_new_data_whose_run_is_refused_is_not_forgotten(shop: Shop) -> None:
    made = new_data(shop)
    shop.change(people(range(130)))
    columns = list(shop.delivery.columns.all())
    shop.delivery.columns.all().delete()

    assert schedules.start_due() == 0

    made.refresh_from_db()
    assert (made.refusal, made.started_at) == ("no_columns", None)
    assert timezone.now() < made.due_at < timezone.now() + timedelta(minutes=10)
    for column in columns:
        column.save(force_insert=True)
    due_now(made)
    assert schedules.start_due() == 1


def test_data_that_was_ready_before_a_run_and_seen_only_after_it_is_delivered(shop: Shop) -> None:
    made = new_data(shop)
    shop.change(people(range(130)))
    assert schedules.start_due() == 1
    run = drive(Run.objects.latest("pk"))
    late = shop.change(people(range(140)))
    Snapshot.objects.filter(pk=late.pk).update(ready_at=run.created_at - timedelta(seconds=1))

    assert schedules.start_due() == 1

    made.refresh_from_db()
    assert Run.objects.latest("pk").plan["snapshots"] == [late.pk]


def test_data_left_undelivered_before_the_schedule_was_saved_stays_so(shop: Shop) -> None:
    shop.change(people(range(130)))

    new_data(shop)

    assert schedules.start_due() == 0


def test_a_correction_of_the_format_is_new_data(shop: Shop) -> None:
    new_data(shop)
    snapshot = Snapshot.objects.get()
    correct_format(snapshot, by=None, asked=Asked(has_header=True))
    assert schedules.start_due() == 0, "it is not read yet"
    assert examine(snapshot)

    assert (schedules.start_due(), schedules.start_due()) == (1, 0)

    run = drive(Run.objects.latest("pk"))
    assert run.plan["readings"] == [2]
    assert schedules.start_due() == 0


def test_a_correction_that_did_not_work_is_no_new_data(shop: Shop) -> None:
    new_data(shop)
    snapshot = Snapshot.objects.get()
    correct_format(snapshot, by=None, asked=Asked(delimiter="|", has_header=True))
    Snapshot.objects.update(attempts=99)
    assert examine(snapshot)
    snapshot.refresh_from_db()
    assert snapshot.refusal == "examination_failed"

    assert schedules.start_due() == 0
