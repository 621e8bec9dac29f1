"""The data doctor's step of the set-up in a real browser: it fits, it can be read by everybody, it needs no scripts."""

import pytest
from playwright.sync_api import expect

from audiences.models import Run
from pinconnect.workspaces.roles import Role
from tests.audiences.views.test_setup_doctor import BROKEN, DEFAULT, EMPTY_HASH, ROLE
from tests.factories import make_member, make_user
from tests.factories_audiences import add_snapshot, drive, make_draft, make_shop, people
from tests.support.browser import DESKTOP, PHONE, OpenPage, assert_accessible, assert_fits
from tests.support.simulator import SimulatorInTest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
ODD = [EMPTY_HASH, ROLE, BROKEN, *[DEFAULT] * 120]


@pytest.mark.parametrize("size", [DESKTOP, (320, 640), PHONE])
@pytest.mark.parametrize("has_scripts", [True, False])
def test_from_columns_by_way_of_the_doctor_to_publishing(
    open_page: OpenPage, simulator: SimulatorInTest, size: tuple[int, int], has_scripts: bool
) -> None:
    shop = make_shop(simulator, people(range(300)))
    add_snapshot(shop.dataset, [*people(range(300)), *ODD])
    draft = make_draft(shop.profile, shop.ad_account, shop.dataset, name="Spring")
    mark = make_member(shop.workspace, Role.MARKETER, user=make_user("Mark")).user
    path = f"/w/{shop.workspace.slug}/deliveries/{draft.pk}/setup/columns/"
    page = open_page(path, user=mark, size=size, java_script_enabled=has_scripts)

    def look() -> None:
        if has_scripts:
            assert_accessible(page)
            assert_fits(page)

    page.get_by_role("button", name="Examine the data").click()
    expect(page.get_by_role("heading", name="Examining the data")).to_be_visible()
    look()
    drive(Run.objects.get(delivery=draft))
    if not has_scripts:
        page.get_by_role("link", name="Look again").click()
    expect(page.get_by_role("heading", name="Better fixed first")).to_be_visible()
    on = page.get_by_role("link", name="Continue")
    expect(on).to_be_in_viewport(ratio=1)
    look()
    on.click()
    expect(page.get_by_text("3 findings")).to_be_visible()
    look()
    page.get_by_role("link", name="See what looks wrong").click()
    expect(page.get_by_role("heading", name="Better fixed first")).to_be_visible()
    page.get_by_role("link", name="Continue").click()
    page.get_by_role("button", name="Publish").click()

    expect(page.get_by_text("is published, and its first run has begun")).to_be_visible()


@pytest.mark.parametrize("step", ["basics", "doctor", "review"])
def test_eight_steps_stand_in_one_row_at_every_width(
    open_page: OpenPage, simulator: SimulatorInTest, step: str
) -> None:
    shop = make_shop(simulator, people(range(3)))
    draft = make_draft(shop.profile, shop.ad_account, shop.dataset, name="Spring")
    mark = make_member(shop.workspace, Role.MARKETER, user=make_user("Mark")).user
    page = open_page(f"/w/{shop.workspace.slug}/deliveries/{draft.pk}/setup/{step}/", user=mark)

    for width in (320, 360, 479, 600, 660, 800, 1000, 1240, 1280, 1600):
        page.set_viewport_size({"width": width, "height": 800})
        marks = page.locator(".steps__mark").evaluate_all("all => all.map(e => e.getBoundingClientRect().top)")
        assert len(marks) == 8
        assert max(marks) - min(marks) < 2, f"the row is broken at {width} px: {marks}"
        assert_fits(page)
        label = page.locator(".steps__item--current .steps__label")
        assert label.evaluate("e => e.getBoundingClientRect().width > 20"), f"no label at {width} px"
