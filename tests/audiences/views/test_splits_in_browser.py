"""A split in a real browser, from the values of a column to its deliveries; the pages fit and are accessible."""

import pytest
from playwright.sync_api import expect

from audiences.models import Split
from pinconnect.workspaces.roles import Role
from tests.factories import make_member, make_user
from tests.factories_audiences import make_shop, people
from tests.support.browser import PHONE, OpenPage, assert_accessible, assert_fits
from tests.support.simulator import SimulatorInTest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def test_dataset_is_split_by_a_column(open_page: OpenPage, simulator: SimulatorInTest) -> None:
    rows = [row | {"tier": ("Gold", "Silver", "")[n % 3]} for n, row in enumerate(people(range(120)))]
    shop = make_shop(simulator, rows)
    mark = make_member(shop.workspace, Role.MARKETER, user=make_user("Mark")).user
    page = open_page(f"/w/{shop.workspace.slug}/deliveries/{shop.delivery.pk}/", user=mark)

    page.get_by_role("link", name="Split by a column").click()
    page.get_by_label("Split by").select_option("tier")
    page.get_by_role("button", name="Show its values").click()
    page.get_by_label("Gold").check()
    page.get_by_label("Silver").check()
    page.get_by_role("button", name="Review").click()
    expect(page.get_by_role("heading", name="2 deliveries, 2 audiences")).to_be_visible()
    assert_accessible(page)
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert_fits(page)
    page.get_by_role("button", name="Publish 2 deliveries").click()

    expect(page.get_by_role("link", name="Newsletter – Gold")).to_be_visible()
    assert Split.objects.get().deliveries.count() == 2
    assert_accessible(page)
    assert_fits(page)
