"""Update token in a real browser: in a window of its own, in one window, and without scripts."""

import copy
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from pinconnect.profiles.models import Profile
from pinconnect.profiles.scopes import ASKED_FOR
from tests.factories import make_user, make_workspace
from tests.support.browser import OpenPage, assert_accessible
from tests.support.simulator_process import SimulatorProcess, running_simulator

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def pinterest(tmp_path: Path, live_server: Any, settings: Any) -> Iterator[SimulatorProcess]:
    """A Pinterest on another origin, as the real one is."""
    settings.PINTEREST_REDIRECT_URI = f"{live_server.url}/oauth/pinterest/callback/"
    login = ("--app-id", settings.PINTEREST_APP_ID, "--app-secret", settings.PINTEREST_APP_SECRET)
    redirect = ("--redirect-uri", settings.PINTEREST_REDIRECT_URI)
    with running_simulator(tmp_path / "simulator", *login, *redirect, "--tier", "off") as running:
        settings.PINTEREST_API_URL, settings.PINTEREST_OAUTH_URL = running.api_url, f"{running.url}/oauth"
        policy = copy.deepcopy(settings.CONTENT_SECURITY_POLICY)
        policy["DIRECTIVES"]["form-action"] = ["'self'", running.url]
        settings.CONTENT_SECURITY_POLICY = policy
        yield running


@pytest.fixture
def profile(pinterest: SimulatorProcess) -> Profile:
    """Bob's profile, expired: its token is gone at Pinterest too."""
    return Profile.objects.create(
        workspace=make_workspace("Acme", owner=make_user("Alice")),
        pinterest_id="549755885175",
        username="bobs_garden",
        state="expired",
        scopes=list(ASKED_FOR),
        expires_at=timezone.now() - timedelta(days=3),
        access_token="pina_gone",
        token_version=4,
    )


@pytest.fixture
def page(open_page: OpenPage, profile: Profile) -> Page:
    """Alice looks at the profile."""
    alice = profile.workspace.memberships.get().user
    return open_page(profile.get_absolute_url(), user=alice)


def grant(window: Page, who: str = "Bob") -> None:
    window.get_by_role("button", name=who).click()
    window.get_by_role("button", name="Give access").click()


def in_a_window(page: Page, act: Callable[[], None]) -> Page:
    with page.expect_popup() as opened:
        act()
    return opened.value


def update(page: Page) -> None:
    page.get_by_role("button", name="Update token").click()


def test_the_window_closes_by_itself_and_the_page_behind_shows_the_new_token(page: Page, profile: Profile) -> None:
    window = in_a_window(page, lambda: update(page))
    expect(page.get_by_text("Pinterest is open in another window.")).to_be_visible()
    assert_accessible(page)

    with window.expect_event("close"):
        grant(window)

    expect(page.get_by_text(re.compile("^The token of .* is updated"))).to_be_visible()
    expect(page.get_by_text("Pinterest no longer accepts this profile")).to_have_count(0)
    profile.refresh_from_db()
    assert (profile.state, profile.token_version) == ("connected", 5)


def test_another_account_is_explained_in_the_window_and_the_right_one_then_taken(page: Page, profile: Profile) -> None:
    window = in_a_window(page, lambda: update(page))
    grant(window, "Alice")

    expect(window.get_by_role("heading", level=1)).to_have_text("Another Pinterest account was signed in")
    expect(window.get_by_text("Expected was bobs_garden, but alice_agency came back")).to_be_visible()
    assert_accessible(window)
    assert Profile.objects.get().access_token == "pina_gone"

    window.get_by_role("button", name="Start again").click()
    window.get_by_role("button", name="Switch user").click()
    with window.expect_event("close"):
        grant(window)
    expect(page.get_by_text(re.compile("^The token of .* is updated"))).to_be_visible()
    expect(page.get_by_text("Another Pinterest account")).to_have_count(0)


def test_a_window_that_was_closed_too_early_can_be_opened_again(page: Page) -> None:
    in_a_window(page, lambda: update(page)).close()

    window = in_a_window(page, lambda: update(page))

    with window.expect_event("close"):
        grant(window)
    expect(page.get_by_text(re.compile("^The token of .* is updated"))).to_be_visible()


def test_it_works_in_one_window_where_pop_ups_are_blocked(page: Page, profile: Profile) -> None:
    page.evaluate("window.open = () => null")

    update(page)
    grant(page)

    expect(page.get_by_text(re.compile("^The token of .* is updated"))).to_be_visible()
    assert page.url.endswith(profile.get_absolute_url())


def test_it_works_without_scripts(open_page: OpenPage, profile: Profile) -> None:
    alice = profile.workspace.memberships.get().user
    page = open_page(profile.get_absolute_url(), user=alice, java_script_enabled=False)

    update(page)
    grant(page)

    expect(page.get_by_text(re.compile("^The token of .* is updated"))).to_be_visible()


def test_a_window_whose_page_behind_is_gone_says_what_to_do(page: Page, profile: Profile) -> None:
    window = in_a_window(page, lambda: update(page))
    page.close()

    grant(window)

    expect(window.get_by_text("You can close this window.")).to_be_visible()
    assert_accessible(window)
    window.get_by_role("link", name="Go to the profile").click()
    expect(window.get_by_text(re.compile("^The token of .* is updated"))).to_be_visible()
