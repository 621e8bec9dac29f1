"""A filter in a real browser: conditions come and go without losing what is typed; the page fits and is accessible."""

import pytest
from playwright.sync_api import expect

from audiences.models import Delivery
from pinconnect.workspaces.roles import Role
from tests.factories import make_member, make_user
from tests.factories_audiences import make_shop, people
from tests.support.browser import PHONE, OpenPage, assert_accessible, assert_fits
from tests.support.simulator import SimulatorInTest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


def rows() -> list[dict[str, str]]:
    return [row | {"country": ("DE", "FR")[n % 2], "age": str(n)} for n, row in enumerate(people(range(120)))]


@pytest.mark.parametrize("has_scripts", [True, False])
def test_filter_is_written_counted_and_saved(
    open_page: OpenPage, simulator: SimulatorInTest, has_scripts: bool
) -> None:
    shop = make_shop(simulator, rows())
    mark = make_member(shop.workspace, Role.MARKETER, user=make_user("Mark")).user
    page = open_page(
        f"/w/{shop.workspace.slug}/deliveries/{shop.delivery.pk}/rows/", user=mark, java_script_enabled=has_scripts
    )

    page.get_by_role("button", name="Take only rows where").click()
    page.get_by_label("Column", exact=True).select_option("country")
    page.get_by_label("Value", exact=True).fill("de")
    page.get_by_role("button", name="Add a condition").click()
    expect(page.get_by_label("Value", exact=True).first).to_have_value("de")
    second = page.get_by_role("group", name="Condition 2")
    second.get_by_label("Column", exact=True).select_option("age")
    second.get_by_label("Comparison", exact=True).select_option("below")
    second.get_by_label("Value", exact=True).fill("50")
    page.get_by_role("button", name="Count the rows that match").click()
    expect(page.get_by_role("heading", name="25 of 120 rows match")).to_be_visible()
    if has_scripts:
        assert_accessible(page)
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        assert_fits(page)
    page.get_by_role("button", name="Save for the next run").click()

    expect(page.get_by_text("country is “de” and age is less than 50")).to_be_visible()
    assert Delivery.objects.get().row_filter["groups"][0]["match"] == "all"
