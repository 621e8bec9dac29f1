"""The whole way in a real Chromium: a marketer invites, a partner answers in a browser of their own."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Request, expect

from audiences.services import deliveries
from invites.models import AppInvite
from invites.services import page as page_services
from pinconnect.profiles.models import AdAccount, Profile, ProfileState
from pinconnect.workspaces import logos
from tests.factories_audiences import make_dataset, make_draft, people
from tests.invites.browsing import at_pinterest, pinterest, press  # noqa: F401 -- a fixture
from tests.invites.conftest import MakeInvite
from tests.support.browser import PHONE, OpenPage, assert_accessible, assert_fits
from tests.support.images import png
from tests.support.simulator_process import SimulatorProcess

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def make_in_browser(page: Page, **fields: str) -> str:
    """Fill in the form as a marketer; the link that is shown."""
    page.goto("/w/acme/app-invites/new/")
    if "profile" in fields:
        page.get_by_label("Update existing profile token").check()
        page.get_by_label("Profile to update").select_option(label=fields["profile"])
    page.get_by_label("Partner name").fill(fields["name"])
    press(page, "Create the invite")
    return page.locator(".copy__value").inner_text()


def test_a_partner_looks_twice_declines_once_and_grants(
    open_page: OpenPage,
    acme,
    pinterest: SimulatorProcess,  # noqa: F811
) -> None:
    marketer = open_page("/w/acme/app-invites/", user=acme.mark)
    link = make_in_browser(marketer, name="Paula")
    partner = open_page(link)
    partner.goto("/partner/")
    partner.goto(link)

    press(partner, "Continue to Pinterest")
    at_pinterest(partner, "bob", "Cancel")
    expect(partner.get_by_role("heading", level=1)).to_have_text("You declined at Pinterest")
    assert_accessible(partner)
    marketer.goto("/w/acme/app-invites/")
    expect(marketer.get_by_role("row", name="Paula")).to_contain_text("Failed")

    press(partner, "Try again at Pinterest")
    at_pinterest(partner, "bob")
    expect(partner.get_by_role("heading", level=1)).to_have_text("Thank you, @bobs_garden is connected")
    assert_accessible(partner)
    marketer.goto("/w/acme/profiles/")
    expect(marketer.get_by_text("@bobs_garden").first).to_be_visible()
    marketer.goto("/w/acme/app-invites/")
    expect(marketer.get_by_role("row", name="Paula")).to_contain_text("Active")

    press(partner, "Open your private page")
    expect(partner.get_by_text("Access is granted")).to_be_visible()
    partner.go_back()
    partner.go_back()
    assert Profile.objects.get().token_version == 1, "the back button does no harm"


@pytest.fixture
def paused(acme, make_profile_at: Any) -> Any:
    """A delivery that waits for an expired profile."""
    profile = make_profile_at("bob", expires_at=timezone.now() + timedelta(days=1))
    account = AdAccount.objects.create(
        workspace=acme.workspace, pinterest_id="549700000101", name="Bob's shop", is_chosen=True
    )
    account.accesses.create(profile=profile, permissions=["OWNER"], can_write_lists=True)
    delivery = make_draft(profile, account, make_dataset(acme.workspace, people(range(20))))
    deliveries.publish(delivery, by=None)
    Profile.objects.update(state=ProfileState.EXPIRED)
    deliveries.pause_for_profile(delivery, "profile_expired")
    return delivery


@pytest.fixture
def make_profile_at(acme, pinterest: SimulatorProcess) -> Any:  # noqa: F811
    def make(user: str, **fields: Any) -> Profile:
        pair = pinterest.control("grants", {"user": user})
        return Profile.objects.create(
            workspace=acme.workspace,
            pinterest_id="549755885175",
            username="bobs_garden",
            access_token=pair["access_token"],
            refresh_token=pair["refresh_token"],
            token_version=1,
            **fields,
        )

    return make


def test_a_reconnect_refuses_the_wrong_account_and_wakes_the_delivery(open_page: OpenPage, acme, paused: Any) -> None:
    marketer = open_page("/w/acme/app-invites/", user=acme.mark)
    link = make_in_browser(marketer, name="Paula", profile="bobs_garden")
    partner = open_page(link)

    press(partner, "Continue to Pinterest")
    at_pinterest(partner, "alice")
    expect(partner.get_by_text("Expected was bobs_garden, but alice_agency came back")).to_be_visible()
    assert Profile.objects.get().state == ProfileState.EXPIRED

    press(partner, "Try again at Pinterest")
    at_pinterest(partner, "bob")
    expect(partner.get_by_role("heading", level=1)).to_contain_text("@bobs_garden is connected")
    assert Profile.objects.get().expires_at > timezone.now() + timedelta(days=29)
    paused.refresh_from_db()
    assert paused.state == "active"


def test_withdrawing_works_without_javascript_and_by_keyboard(
    open_page: OpenPage,
    acme,
    make_invite: MakeInvite,
    pinterest: SimulatorProcess,  # noqa: F811
) -> None:
    partner = open_page(make_invite().path, java_script_enabled=False)
    for _ in range(10):
        partner.keyboard.press("Tab")
        if partner.locator(":focus").inner_text() == "Continue to Pinterest":
            break
    partner.keyboard.press("Enter")
    at_pinterest(partner, "bob")
    press(partner, "Open your private page")

    partner.get_by_role("link", name="Withdraw access…").click()
    partner.get_by_role("button", name="Withdraw access").press("Enter")

    expect(partner.get_by_text("You have withdrawn access")).to_be_visible()
    assert Profile.objects.get().state == ProfileState.DISCONNECTED


def test_a_lost_page_is_found_again(
    open_page: OpenPage,
    make_invite: MakeInvite,
    pinterest: SimulatorProcess,  # noqa: F811
) -> None:
    link = make_invite()
    partner = open_page(link.path)
    press(partner, "Continue to Pinterest")
    at_pinterest(partner, "bob")

    elsewhere = open_page(link.path)
    elsewhere.get_by_role("link", name="Go to your private page").click()
    press(elsewhere, "Continue to Pinterest")
    at_pinterest(elsewhere, "bob")
    elsewhere.wait_for_url("**/partner/back/**")
    assert_accessible(elsewhere)
    press(elsewhere, "Open the page for Acme")

    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("What Acme may do with @bobs_garden")
    assert Profile.objects.get().token_version == 1


def test_no_code_leaves_with_the_browser(
    open_page: OpenPage,
    make_invite: MakeInvite,
    pinterest: SimulatorProcess,  # noqa: F811
) -> None:
    link = make_invite()
    partner = open_page(link.path)
    requests: list[Request] = []
    partner.on("request", lambda request: requests.append(request))

    press(partner, "Continue to Pinterest")
    partner.wait_for_url("**/oauth/**")

    # Asking for headers waits for the browser, so not while it tells of requests.
    to_pinterest = [
        f"{request.url} {request.all_headers().get('referer', '')}"
        for request in requests
        if request.url.startswith(pinterest.url)
    ]
    assert to_pinterest
    assert not any(link.code in line for line in to_pinterest)
    names = {cookie["name"] for cookie in partner.context.cookies() if cookie["domain"] == "localhost"}
    assert {name.split("-")[1] for name in names} == {"session", "csrf"}


def public_pages(make_invite: MakeInvite, acme) -> dict[str, str]:
    """Every page that needs no trip to Pinterest."""
    logos.set_logo(acme.workspace, by=acme.alice, content=png(300, 80))
    text = "We spoke on Tuesday. This is for the spring campaign."
    used, expired = make_invite(partner_name="Used"), make_invite(partner_name="Expired", lifetime=timedelta(days=-1))
    profile = Profile.objects.create(workspace=acme.workspace, username="bobs_garden", pinterest_id="1")
    AppInvite.objects.filter(pk=used.invite.pk).update(state="active", result=profile, activated_at=timezone.now())
    own = page_services.new_code(used.now(), origin="")
    return {
        "landing": make_invite(message=text, ad_account_request="Acme UK", expected_username="bobs_garden").path,
        "reconnect": make_invite(profile=profile).path,
        "used": used.path,
        "expired": expired.path,
        "unknown": "/connect/nonsense/",
        "lost": "/connect/back/",
        "recover": "/partner/",
        "own": f"/partner/{own}/",
        "withdraw": f"/partner/{own}/withdraw/",
    }


def test_pages_for_partners_are_accessible_and_fit_a_phone(open_page: OpenPage, make_invite: MakeInvite, acme) -> None:
    pages = public_pages(make_invite, acme)
    page = open_page("/partner/", size=PHONE)

    for path in pages.values():
        page.goto(path)
        assert_fits(page)
        assert_accessible(page)

    assert len(pages) == 9


def test_pages_for_marketers_are_accessible_and_fit_a_phone(open_page: OpenPage, make_invite: MakeInvite, acme) -> None:
    public_pages(make_invite, acme)
    number = make_invite(partner_email="paula@agency.example", message="x" * 300).invite.pk
    page = open_page("/w/acme/app-invites/", user=acme.mark, size=PHONE)

    for path in ("", "?q=nobody", "new/", f"{number}/", f"{number}/revoke/", f"{number}/replace-link/"):
        page.goto(f"/w/acme/app-invites/{path}")
        assert_fits(page)
        assert_accessible(page)
    make_in_browser(page, name="Paula")
    assert_fits(page)
    assert_accessible(page)
