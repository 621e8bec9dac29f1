"""The calls of a run in a real browser: they appear by themselves, and are accessible in both themes and narrow."""

from typing import Any

import pytest

from audiences import tasks
from audiences.models import Call, Run
from audiences.services import calls
from pinconnect.pinterest.client import Exchange
from pinconnect.workspaces.roles import Role
from tests.factories import make_member, make_user
from tests.factories_audiences import Shop, drive, make_shop, people
from tests.support.browser import PHONE, OpenPage, assert_accessible, assert_fits
from tests.support.simulator import SimulatorInTest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def shop(simulator: SimulatorInTest, settings: Any) -> Shop:
    settings.BATCH_RECORDS = 40
    return make_shop(simulator, people(range(300)))


def test_calls_appear_by_themselves_and_lead_to_each_one(open_page: OpenPage, shop: Shop) -> None:
    run = Run.objects.get()
    vera = make_member(shop.workspace, Role.VIEWER, user=make_user("Vera")).user
    page = open_page(f"/w/{shop.workspace.slug}/runs/{run.pk}/", user=vera)
    page.get_by_role("link", name="Calls and report").click()
    page.get_by_text("No calls yet").wait_for()
    tasks.prepare_run(run.pk)
    recorder = calls.Recorder(run.pk)
    address = "/ad_accounts/549700000101/customer_lists/2680000000001"
    recorder.note(Exchange("PATCH", address, 503, 1.2, "4711", None, "ServerTrouble", message="Out of order"))
    recorder.save()

    page.get_by_role("link", name="Other").click()

    page.get_by_text("Out of order").first.wait_for()
    assert page.get_by_role("heading", level=1).inner_text() == "Other"


@pytest.mark.parametrize("which", ["calls", "call", "delivery"])
def test_pages_are_accessible_in_both_themes_and_fit_a_telephone(open_page: OpenPage, shop: Shop, which: str) -> None:
    shop.simulator.fault("error", operation="customer_lists/update", status=503, message="No jane@example.com today")
    run = drive(Run.objects.get())
    vera = make_member(shop.workspace, Role.VIEWER, user=make_user("Vera")).user
    wrong = Call.objects.errors().get()
    paths = {
        "calls": f"runs/{run.pk}/calls/",
        "call": f"runs/{run.pk}/calls/{wrong.pk}/",
        "delivery": f"deliveries/{shop.delivery.pk}/",
    }

    page = open_page(f"/w/{shop.workspace.slug}/{paths[which]}", user=vera)

    assert "jane@" not in page.content()
    assert_accessible(page)
    page.emulate_media(media="print")
    for answer in page.locator("pre").all():
        assert answer.evaluate("e => getComputedStyle(e).overflowX === 'visible' && e.scrollWidth <= e.clientWidth")
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    assert_fits(page)
