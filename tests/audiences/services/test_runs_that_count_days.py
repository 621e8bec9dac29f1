"""Runs whose filter counts days: the day is that of the run's start in the workspace, however long the run takes."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from audiences import tasks
from audiences.models import Delivery, Run, Trigger
from audiences.services import runs
from audiences.states import RunState
from tests.factories_audiences import Shop, drive, drive_through, expected_members, make_due, make_shop, people, step
from tests.support.reference_filter import matches
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db
# In Auckland it is the morning of 27 November.
EVENING = datetime(2026, 11, 26, 20, 30, tzinfo=UTC)
AUCKLANDS_DAY = date(2026, 11, 27)


class Killed(BaseException):
    """The process ends here, without a word to anybody."""


def killed(*_: object, **__: object) -> None:
    raise Killed


def rows() -> list[dict[str, str]]:
    """One person for each day, newest first, and one whose date is none."""
    dates = [str(AUCKLANDS_DAY - timedelta(days=far)) for far in range(199)] + ["unknown"]
    return [row | {"joined": joined} for row, joined in zip(people(range(200)), dates, strict=True)]


def counting(operator: str, days: int, **pinned: str) -> dict[str, object]:
    condition = {"column": "joined", "operator": operator, "values": [str(days)]}
    groups = [{"match": "all", "conditions": [condition]}]
    return {"match": "any", "is_day_first": False, **pinned, "groups": groups}


def those_on(day: date, operator: str = "last_days", days: int = 150) -> set[tuple[str, str]]:
    wanted = counting(operator, days, today=str(day))
    return set(expected_members([row for row in rows() if matches(row, wanted)]))


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    made = make_shop(simulator, rows())
    runs.cancel(Run.objects.get(), by=None)
    drive(Run.objects.get())
    made.workspace.time_zone = "Pacific/Auckland"
    made.workspace.save()
    Delivery.objects.filter(pk=made.delivery.pk).update(row_filter=counting("last_days", 150))
    made.delivery.refresh_from_db()
    return made


def test_day_is_that_of_the_workspace(shop: Shop) -> None:
    with time_machine.travel(EVENING, tick=True):
        run = drive(shop.start())

    assert run.state == RunState.DONE, run.reason
    assert shop.members == those_on(AUCKLANDS_DAY)
    assert len(shop.members) == 151
    assert run.counts["incomparable"] == [{"column": "joined", "kind": "date", "rows": 1}]


def test_run_that_goes_on_days_later_keeps_its_day(shop: Shop) -> None:
    with time_machine.travel(EVENING, tick=True) as clock:
        run = shop.start()
        clock.shift(timedelta(days=5))
        run = drive(run)

    assert run.plan["filter"]["today"] == "2026-11-27"
    assert shop.members == those_on(AUCKLANDS_DAY)


def test_run_prepared_again_the_day_after_a_crash_keeps_its_day(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    with time_machine.travel(EVENING, tick=True) as clock:
        run = shop.start()
        with monkeypatch.context() as patch:
            patch.setattr("audiences.services.preparing.files.store", killed)
            with pytest.raises(Killed):
                tasks.prepare_run(run.pk)
        clock.shift(timedelta(days=1))
        make_due(run)
        run = drive_through(run)

    assert run.state == RunState.DONE
    assert shop.members == those_on(AUCKLANDS_DAY)


def test_next_run_counts_from_its_own_day_and_people_leave_as_days_go_by(shop: Shop) -> None:
    with time_machine.travel(EVENING, tick=True) as clock:
        drive(shop.start())
        clock.shift(timedelta(days=10))
        run = drive(shop.start())

    assert run.counts["removals"] == 10
    assert shop.members == those_on(AUCKLANDS_DAY + timedelta(days=10))


def test_held_run_that_is_approved_later_does_what_was_shown(shop: Shop) -> None:
    with time_machine.travel(EVENING, tick=True) as clock:
        drive(shop.start())
        Delivery.objects.filter(pk=shop.delivery.pk).update(hold_share=5)
        clock.shift(timedelta(days=20))
        run = drive(shop.start())
        assert (run.state, run.reason) == (RunState.HELD, "removes_many")
        clock.shift(timedelta(days=3))
        runs.approve(run, by=None)
        drive(run)

    assert shop.members == those_on(AUCKLANDS_DAY + timedelta(days=20))


def test_dry_run_of_yesterday_is_out_of_date_and_one_of_today_is_not(shop: Shop) -> None:
    with time_machine.travel(EVENING, tick=True) as clock:
        run = runs.start(shop.delivery, by=None, trigger=Trigger.DRY_RUN, is_dry_run=True)
        drive(run)
        clock.shift(timedelta(hours=3))
        assert runs.is_current(run)
        clock.shift(timedelta(hours=24))
        assert not runs.is_current(run)


def test_filter_without_days_pins_no_day(shop: Shop) -> None:
    condition = {"column": "joined", "operator": "after", "values": ["2026-11-01"]}
    plain = {"match": "any", "is_day_first": False, "groups": [{"match": "all", "conditions": [condition]}]}
    Delivery.objects.filter(pk=shop.delivery.pk).update(row_filter=plain)
    shop.delivery.refresh_from_db()

    run = shop.start()
    step(run)

    assert run.plan["filter"] == plain
