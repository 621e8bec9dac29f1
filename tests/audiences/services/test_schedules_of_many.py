"""Many schedules at once: looked at together, one that is broken stops no other, and two saves come one by one."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test import Client as Web
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audiences.models import Delivery, Mode, Run, Schedule, Scope, Trigger
from audiences.services import deliveries, schedules
from audiences.services.schedules import Wish
from tests.factories_audiences import Shop, add_snapshot, drive, make_dataset, make_draft, make_shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
CRON = Wish("cron", cron="30 6 * * *", time_zone="Europe/Berlin")


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    """Its first run is done."""
    made = make_shop(simulator, people(range(120)))
    drive(Run.objects.get())
    return made


def another(shop: Shop, name: str, **draft: Any) -> Delivery:
    """A delivery of a dataset of its own, whose first run is done."""
    dataset = make_dataset(shop.workspace, people(range(120)), name=name)
    found = make_draft(shop.profile, shop.ad_account, dataset, name=name, **draft)
    drive(deliveries.publish(found, by=None))
    found.refresh_from_db()
    return found


def queries_to_notice() -> int:
    with CaptureQueriesContext(connection) as found:
        schedules.notice_new_data()
    return len(found)


def test_new_data_is_looked_for_with_as_many_queries_for_many_schedules_as_for_one(shop: Shop) -> None:
    schedules.change(shop.delivery, Wish("new_data"), by=None)
    one = queries_to_notice()
    for number in range(3):
        schedules.change(another(shop, f"More {number}"), Wish("new_data"), by=None)

    assert queries_to_notice() == one <= 4


def test_only_those_whose_data_is_new_become_due(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedules, "NOTICED_TOGETHER", 2)
    quiet, fresh, later = (another(shop, name) for name in ("Quiet", "Fresh", "Later"))
    for one in (shop.delivery, quiet, fresh, later):
        schedules.change(one, Wish("new_data"), by=None)
    for one in (fresh, later):
        add_snapshot(one.dataset, people(range(130)), mode="append")

    assert schedules.notice_new_data() == 2

    assert set(Schedule.objects.exclude(due_at=None).values_list("delivery", flat=True)) == {fresh.pk, later.pk}


def test_data_from_before_a_delivery_of_new_data_only_makes_nothing_due(shop: Shop) -> None:
    made = another(shop, "New only", mode=Mode.ADD, scope=Scope.NEW)
    schedule = schedules.change(made, Wish("new_data"), by=None)
    assert schedule is not None
    Schedule.objects.filter(pk=schedule.pk).update(created_at=timezone.now() - timedelta(days=1))

    assert schedules.notice_new_data() == 0
    add_snapshot(made.dataset, people(range(5)), mode="append")
    assert schedules.notice_new_data() == 1


def due_first(schedule: Schedule | None, **fields: Any) -> Schedule:
    """Before all others in turn."""
    assert schedule is not None
    Schedule.objects.filter(pk=schedule.pk).update(due_at=timezone.now() - timedelta(hours=1), **fields)
    schedule.refresh_from_db()
    return schedule


def page(shop: Shop, path: str) -> str:
    web = Web()
    web.force_login(shop.workspace.members.get())
    answer = web.get(f"/w/{shop.workspace.slug}/deliveries/{path}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_schedule_whose_time_zone_is_gone_stops_no_other_and_its_pages_say_so(shop: Shop) -> None:
    broken = due_first(schedules.change(shop.delivery, CRON, by=None), time_zone="Mars/Olympus")
    sound = another(shop, "Sound")
    due = schedules.change(sound, CRON, by=None)
    assert due is not None
    Schedule.objects.filter(pk=due.pk).update(due_at=timezone.now() - timedelta(seconds=1))
    assert "Save the schedule" in page(shop, f"{shop.delivery.pk}/schedule/"), "also before it was found out"

    assert schedules.start_due() == 1

    assert Run.objects.get(trigger=Trigger.SCHEDULE).delivery == sound
    broken.refresh_from_db()
    assert broken.refusal == schedules.UNKNOWN_ZONE
    assert broken.due_at > timezone.now(), "others come first now"
    for path in (f"{shop.delivery.pk}/", f"{shop.delivery.pk}/schedule/"):
        assert "the time zone Mars/Olympus is not known here any more" in page(shop, path)


def test_mistake_in_one_schedule_is_logged_and_stops_no_other(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    broken = due_first(schedules.change(shop.delivery, CRON, by=None))
    sound = another(shop, "Sound")
    due_first(schedules.change(sound, CRON, by=None))
    start = schedules.runs.start

    def begin(delivery: Delivery, **how: Any) -> Run:
        if delivery.pk == shop.delivery.pk:
            raise ValueError("A mistake of ours")
        return start(delivery, **how)

    monkeypatch.setattr(schedules.runs, "start", begin)

    assert schedules.start_due() == 1

    broken.refresh_from_db()
    assert (broken.refusal, broken.started_at) == (schedules.BROKEN, None)
    assert f"The schedule of delivery {shop.delivery.pk} could not be started" in caplog.text
    assert "because of a mistake in PinConnect" in page(shop, f"{shop.delivery.pk}/")
    monkeypatch.undo()
    due_first(broken)
    assert schedules.start_due() == 1
    broken.refresh_from_db()
    assert broken.refusal == ""


def test_clock_set_back_reaches_the_schedules_behind_one_whose_time_zone_is_gone(shop: Shop) -> None:
    schedules.change(shop.delivery, CRON, by=None)
    Schedule.objects.update(time_zone="Mars/Olympus")
    sound = schedules.change(another(shop, "Sound"), CRON, by=None)
    assert sound is not None
    Schedule.objects.update(due_at=timezone.now() + timedelta(days=9))

    schedules.clock_was_set_back(timedelta(days=9))

    sound.refresh_from_db()
    assert sound.due_at < timezone.now() + timedelta(days=2)


def test_saving_locks_the_delivery_before_it_touches_the_schedule(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two saves at once would both insert a row, of which the database takes one."""
    steps: list[str] = []
    lock, delete = QuerySet.select_for_update, QuerySet.delete

    def locking(self: QuerySet[Any], *args: Any, **how: Any) -> QuerySet[Any]:
        steps.append(f"lock {self.model.__name__}")
        return lock(self, *args, **how)

    def deleting(self: QuerySet[Any]) -> Any:
        steps.append(f"delete {self.model.__name__}")
        return delete(self)

    monkeypatch.setattr(QuerySet, "select_for_update", locking)
    monkeypatch.setattr(QuerySet, "delete", deleting)

    schedules.change(shop.delivery, CRON, by=None)

    assert steps[:2] == ["lock Delivery", "delete Schedule"]
