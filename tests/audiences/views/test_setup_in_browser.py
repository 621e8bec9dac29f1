"""The last steps of the set-up in a real browser: the next step is in sight, by keyboard, without scripts, on paper."""

import pytest
from playwright.sync_api import Page, expect

from audiences.models import Delivery, Mode, Run, Trigger
from audiences.services import deliveries, runs
from pinconnect.workspaces.models import User
from pinconnect.workspaces.roles import Role
from tests.factories import make_member, make_user
from tests.factories_audiences import ALL_KINDS, Shop, drive, make_draft, make_shop, people
from tests.support.browser import DESKTOP, PHONE, OpenPage, assert_accessible, assert_fits
from tests.support.simulator import SimulatorInTest

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def shop(db: None, simulator: SimulatorInTest) -> Shop:
    made = make_shop(simulator, people(range(120)))
    drive(Run.objects.get())
    return made


def marketer(shop: Shop) -> User:
    return make_member(shop.workspace, Role.MARKETER, user=make_user("Mark")).user


def counted(shop: Shop) -> Delivery:
    draft = make_draft(shop.profile, shop.ad_account, shop.dataset, name="Spring", columns=ALL_KINDS)
    drive(runs.start(draft, by=None, trigger=Trigger.DRY_RUN, is_dry_run=True))
    return draft


def taking_out_everybody(shop: Shop) -> Delivery:
    """Counted as well; what it would change is so much that it waits for approval."""
    draft = make_draft(shop.profile, shop.ad_account, shop.dataset, name="Opted out", mode=Mode.REMOVE)
    Delivery.objects.filter(pk=draft.pk).update(audience=Run.objects.get().audience)
    draft.refresh_from_db()
    drive(runs.start(draft, by=None, trigger=Trigger.DRY_RUN, is_dry_run=True))
    return draft


def setup(shop: Shop, draft: Delivery, step: str) -> str:
    return f"/w/{shop.workspace.slug}/deliveries/{draft.pk}/setup/{step}/"


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("has_scripts", [True, False])
def test_publish_is_in_sight_without_scrolling_and_works_by_keyboard(
    open_page: OpenPage, shop: Shop, size: tuple[int, int], has_scripts: bool
) -> None:
    draft = counted(shop)
    page = open_page(setup(shop, draft, "review"), user=marketer(shop), size=size, java_script_enabled=has_scripts)
    publish = page.get_by_role("button", name="Publish")

    expect(publish).to_be_in_viewport(ratio=1)
    if has_scripts:
        assert_accessible(page)
        assert_fits(page)
    publish.focus()
    page.keyboard.press("Enter")

    expect(page.get_by_text("is published, and its first run has begun")).to_be_visible()
    assert Run.objects.filter(delivery=draft, is_dry_run=False).count() == 1


def test_two_clicks_publish_once(open_page: OpenPage, shop: Shop) -> None:
    draft = counted(shop)
    page = open_page(setup(shop, draft, "review"), user=marketer(shop))

    page.get_by_role("button", name="Publish").dblclick()

    expect(page.get_by_role("heading", name="Run 2", exact=True)).to_be_visible()
    assert Run.objects.filter(delivery=draft, is_dry_run=False).count() == 1


@pytest.mark.parametrize("would_wait", [False, True])
@pytest.mark.parametrize("width", [320, 390, 600])
def test_focus_is_never_behind_the_bar(open_page: OpenPage, shop: Shop, would_wait: bool, width: int) -> None:
    draft = taking_out_everybody(shop) if would_wait else counted(shop)
    page = open_page(setup(shop, draft, "review"), user=marketer(shop), size=(width, PHONE[1]))
    expect(page.get_by_text("waits for approval after you publish")).to_have_count(1 if would_wait else 0)
    hidden = """() => {
        const one = document.activeElement.getBoundingClientRect();
        const bar = document.querySelector(".action-bar");
        if (bar.contains(document.activeElement) || one.height > innerHeight / 2) return "";
        const over = bar.getBoundingClientRect();
        return one.bottom > over.top + 1 && one.top < over.bottom - 1 ? document.activeElement.outerHTML : "";
    }"""

    # Up to there a browser scrolls what gets the focus; whether a link of this page stops just there is chance.
    reserved = "parseFloat(getComputedStyle(document.documentElement).scrollPaddingBottom)"
    taken = "innerHeight - document.querySelector('.action-bar').getBoundingClientRect().top"
    assert page.evaluate(f"{reserved} >= {taken}")
    for _ in range(25):
        page.keyboard.press("Tab")
        assert not page.evaluate(hidden)


@pytest.mark.parametrize("has_scripts", [True, False])
def test_choices_for_values_fit_and_explain_themselves(open_page: OpenPage, shop: Shop, has_scripts: bool) -> None:
    draft = deliveries.create_draft(
        workspace=shop.workspace, by=None, name="Fresh", dataset=shop.dataset, mode="mirror", scope="all"
    )
    draft = deliveries.set_profile(draft, by=None, profile=shop.profile)
    draft = deliveries.set_target(draft, by=None, ad_account=shop.ad_account, name="Fresh")
    page = open_page(setup(shop, draft, "columns"), user=marketer(shop), size=PHONE, java_script_enabled=has_scripts)
    email, phone = page.get_by_role("group", name="email"), page.get_by_role("group", name="phone")

    warning = email.get_by_text("One person under two hashes counts as two")
    expect(warning).to_be_hidden()
    email.get_by_label("Values are").select_option(label="Hashed, MD5/SHA-1 too")
    expect(warning).to_be_visible()
    expect(phone.get_by_label("Country of numbers without a code")).to_be_visible()
    phone.get_by_label("Values are").select_option(label="Digits with country code")
    expect(phone.get_by_label("Country of numbers without a code")).to_be_hidden()
    page.get_by_text("What happens to the values").click()
    if has_scripts:
        assert_accessible(page)
        assert_fits(page)
        assert _cut_off(page) == []
    page.get_by_role("button", name="Examine the data").click()
    page.get_by_role("link", name="Continue").click()

    expect(page.get_by_text("email as e-mail address (hashed; MD5 and SHA-1 are passed on)")).to_be_visible()


def _cut_off(page: Page) -> list[str]:
    """The kinds of columns and the ways to treat values that do not fit into their closed field."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("main :is(select[name$=treatment], select[name$=kind])")]
            .filter(e => e.checkVisibility()).flatMap(select => {
                const style = getComputedStyle(select);
                const pen = document.createElement("canvas").getContext("2d");
                pen.font = style.font;
                const room = select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
                return [...select.options].map(one => one.text).filter(text => pen.measureText(text).width > room + 1);
            })"""
    )
    return sorted(set(found))


def test_run_on_paper_shows_what_happened_and_nothing_to_press(open_page: OpenPage, shop: Shop) -> None:
    run = Run.objects.get()
    page = open_page(f"/w/{shop.workspace.slug}/runs/{run.pk}/", user=marketer(shop), scheme="dark")

    page.emulate_media(media="print")

    expect(page.get_by_role("heading", name="Every row accounted for")).to_be_visible()
    for name in ("header.sidebar", "header.topbar", ".breadcrumbs", ".button"):
        for one in page.locator(name).all():
            expect(one).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
