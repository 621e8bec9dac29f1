"""Pages of runs, decisions and deliveries on a phone: nothing runs out of the page or of its tables."""

import pytest
from playwright.sync_api import Page

from audiences import decision_links
from audiences.models import Run
from audiences.services import deliveries
from audiences.states import RunState
from pinconnect.workspaces.roles import Role
from tests.factories import make_member, make_user
from tests.factories_audiences import add_snapshot, drive, make_draft, make_shop, people
from tests.support.browser import DESKTOP, PHONE, OpenPage, assert_accessible, assert_fits
from tests.support.simulator import SimulatorInTest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
DIRTY = [{"email": f"nobody{n} at example.com", "phone": "", "gaid": ""} for n in range(3)]


def hidden_tables(page: Page) -> list[str]:
    """Names of tables that have to be pushed sideways to be read."""
    found: list[str] = page.eval_on_selector_all(
        ".table-wrap", "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.ariaLabel)"
    )
    return found


def test_what_waits_and_what_is_over_is_read_without_pushing_sideways(
    open_page: OpenPage, simulator: SimulatorInTest
) -> None:
    shop = make_shop(simulator, people(range(300)))
    mark = make_member(shop.workspace, Role.MARKETER, user=make_user("Mark")).user
    drive(Run.objects.get())
    add_snapshot(shop.dataset, people(range(100)))
    assert drive(shop.start()).state == RunState.HELD
    old = make_draft(shop.profile, shop.ad_account, shop.dataset, name="Old")
    deliveries.publish(old, by=None)
    drive(Run.objects.get(delivery=old))
    deliveries.archive(old, by=None)

    for path in ("", f"deliveries/{old.pk}/", f"deliveries/{shop.delivery.pk}/"):
        for size in (PHONE, DESKTOP):
            page = open_page(f"/w/{shop.workspace.slug}/{path}", user=mark, size=size)

            assert_fits(page)
            assert hidden_tables(page) == []
            assert_accessible(page)


def test_a_held_run_and_its_link_are_read_without_pushing_sideways(
    open_page: OpenPage, simulator: SimulatorInTest
) -> None:
    shop = make_shop(simulator, people(range(300)))
    mark = make_member(shop.workspace, Role.MARKETER, user=make_user("Mark")).user
    drive(Run.objects.get())
    add_snapshot(shop.dataset, [*people(range(100)), *DIRTY])
    run = drive(shop.start())
    assert run.state == RunState.HELD

    for path in (f"/w/{shop.workspace.slug}/runs/{run.pk}/", decision_links.address(run.pk, mark.pk)):
        page = open_page(path, user=mark, size=PHONE)

        assert page.locator(".table--stack").count() > 0
        assert_fits(page)
        assert hidden_tables(page) == []
        assert_accessible(page)
