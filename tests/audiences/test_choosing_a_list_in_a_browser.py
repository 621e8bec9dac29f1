"""A marketer delivers into a list that is on Pinterest already, click by click."""

import pytest
from playwright.sync_api import expect

from audiences.models import Delivery, ListedList, Run
from pinconnect.workspaces.roles import Role
from tests.factories import make_member, make_user
from tests.factories_audiences import ALL_KINDS, BOBS_ACCOUNT, Shop, drive, expected_members, make_shop, people
from tests.support.browser import PHONE, OpenPage, assert_accessible, assert_fits
from tests.support.simulator import SimulatorInTest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def shop(simulator: SimulatorInTest) -> Shop:
    made = make_shop(simulator, people(range(2000, 2150)))
    simulator.seed_lists(BOBS_ACCOUNT, 60)
    return made


def test_an_existing_list_is_found_chosen_and_delivered_to(open_page: OpenPage, shop: Shop) -> None:
    mark = make_member(shop.workspace, Role.MARKETER, user=make_user("Mark")).user
    page = open_page(f"/w/{shop.workspace.slug}/deliveries/new/", user=mark)
    page.get_by_label("Name", exact=True).fill("Spring")
    page.get_by_label("Dataset", exact=True).select_option(label="Customers")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Continue").click()

    page.get_by_role("link", name="On Pinterest already").click()
    assert_accessible(page)
    page.get_by_role("button", name="Ask Pinterest").click()
    expect(page.get_by_text("1–25 of 60 lists")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Search").fill("loyalty card 009")
    page.get_by_role("button", name="Search").click()
    page.get_by_label("Customer List-Loyalty card 009, Audience-Loyalty card 009").check()
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert_fits(page)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Examine the data").click()
    drive(Run.objects.latest("pk"))
    page.reload()
    page.get_by_role("link", name="Continue").click()
    expect(page.get_by_text("Customer List-Loyalty card 009, Audience-Loyalty card 009")).to_be_visible()
    page.get_by_role("button", name="Publish").click()

    wanted = ListedList.objects.get(name__endswith="009")
    before = shop.simulator.members(wanted.pinterest_id)
    drive(Run.objects.latest("pk"))
    delivery = Delivery.objects.get(name="Spring")
    assert shop.simulator.members(wanted.pinterest_id) == before | expected_members(
        people(range(2000, 2150)), ALL_KINDS
    )
    assert delivery.audience.audience_id == wanted.audience_id
    page.goto(f"/w/{shop.workspace.slug}/deliveries/{delivery.pk}/")
    expect(page.get_by_text("It was on Pinterest before")).to_be_visible()
    assert_fits(page)
