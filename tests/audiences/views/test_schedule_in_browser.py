"""The warning before a schedule is saved that needs too many calls, in a real browser."""

from typing import Any

import pytest

from audiences.models import Run, Schedule
from pinconnect.workspaces.roles import Role
from tests.factories import make_member, make_user
from tests.factories_audiences import drive, make_shop, people
from tests.support.browser import PHONE, OpenPage, assert_accessible, assert_fits
from tests.support.simulator import SimulatorInTest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_too_many_calls_are_warned_of_and_confirmed_on_a_phone_too(
    open_page: OpenPage, simulator: SimulatorInTest, settings: Any
) -> None:
    settings.PINTEREST_TIER, settings.BATCH_RECORDS = "trial", 30
    shop = make_shop(simulator, people(range(300)))
    drive(Run.objects.get())
    mark = make_member(shop.workspace, Role.MARKETER, user=make_user("Mark")).user
    page = open_page(f"/w/{shop.workspace.slug}/deliveries/{shop.delivery.pk}/schedule/", user=mark)
    page.locator("input[name=rhythm][value=interval]").check()
    page.locator("select[name=every_minutes]").select_option("15")

    page.get_by_role("button", name="Save the schedule").click()

    page.get_by_text("Not saved yet").wait_for()
    assert_accessible(page)
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert_fits(page)
    assert not Schedule.objects.exists()
    page.get_by_role("button", name="Save it all the same").press("Enter")
    page.get_by_text("runs by itself from now on").wait_for()
    assert Schedule.objects.get().every_minutes == 15
