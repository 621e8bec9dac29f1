"""Whoever starts a delivery while people are erased from its list does not get the run of the erasure."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audiences.models import Run, Schedule, Trigger
from audiences.people import erasing
from audiences.services import schedules
from audiences.services.refusals import ServiceRefusal
from tests.audiences.people.helpers import ask, carry_out, delivered
from tests.factories_audiences import Shop, people
from tests.support.simulator import SimulatorInTest

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    """With new data, and an erasure whose run has just begun."""
    made = delivered(simulator)
    made.change(people(range(310)))
    erasing.work(ask(made).pk)
    assert Run.objects.active().get().trigger == Trigger.ERASURE
    return made


def test_a_person_is_told_to_wait_a_moment(shop: Shop) -> None:
    with pytest.raises(ServiceRefusal) as refusal:
        shop.start()

    assert refusal.value.code == "list_erasing"
    assert "Try again" in refusal.value.sentence


def test_a_schedule_waits_until_it_is_done_and_not_for_its_next_time(shop: Shop) -> None:
    schedules.change(shop.delivery, schedules.Wish("cron", cron="0 6 * * *", time_zone="UTC"), by=None)
    Schedule.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert schedules.start_due() == 0

    carry_out(erasing.Erasure.objects.get())

    assert schedules.start_due() == 1
    assert Run.objects.latest("pk").trigger == Trigger.SCHEDULE
