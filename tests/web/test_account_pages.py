"""allauth's pages in our frame: every one renders, in both themes, for who is signed out and who is signed in."""

import re
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.core.cache import cache
from django.test import Client

from tests.factories import PASSWORD, make_user
from tests.support.browser import PHONE, OpenPage, assert_accessible, assert_fits

pytestmark = pytest.mark.django_db

SIGNED_OUT = ["login/", "signup/", "password/reset/", "password/reset/done/", "confirm-email/", "inactive/"]
SIGNED_OUT += ["password/reset/key/done/", "password/reset/key/abc-def/", "confirm-email/wrong-key/"]
SIGNED_IN = ["email/", "password/change/", "2fa/", "sessions/", "logout/", "reauthenticate/"]
FRESHLY = ["2fa/totp/activate/", "2fa/recovery-codes/generate/", "2fa/webauthn/add/", "2fa/webauthn/"]
WITH_APP = ["2fa/totp/deactivate/", "2fa/recovery-codes/", "2fa/"]


@pytest.fixture(autouse=True)
def _no_attempts_yet() -> None:
    """Attempts are counted in the cache, over all the tests of a process."""
    cache.clear()


def looks_like_ours(text: str) -> None:
    assert text.count("<h1") == 1
    assert "pinconnect/css/components.css" in text
    assert re.search(r"<title>[^·<]+ · (.+ · )?PinConnect</title>", text)
    assert " style=" not in text
    assert "&lt;" not in text


def sign_in(client: Client, user: Any) -> None:
    """And prove it once more, so that the pages which want fresh proof open."""
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert "_auth_user_id" in client.session


@pytest.mark.parametrize("path", SIGNED_OUT)
def test_pages_before_signing_in(client: Client, path: str) -> None:
    response = client.get(f"/accounts/{path}")

    assert response.status_code == 200
    looks_like_ours(response.content.decode())


@pytest.mark.parametrize("path", SIGNED_IN + FRESHLY)
def test_pages_of_ones_own_account(client: Client, path: str) -> None:
    sign_in(client, make_user())

    response = client.get(f"/accounts/{path}")

    assert response.status_code == 200
    looks_like_ours(response.content.decode())


@pytest.mark.parametrize("path", WITH_APP)
def test_pages_with_an_authenticator_app(client: Client, path: str) -> None:
    user = make_user()
    sign_in(client, user)
    TOTP.activate(user, generate_totp_secret())
    RecoveryCodes.activate(user)

    response = client.get(f"/accounts/{path}")

    assert response.status_code == 200
    looks_like_ours(response.content.decode())


def test_second_step_asks_for_the_code(client: Client) -> None:
    user = make_user()
    TOTP.activate(user, generate_totp_secret())

    response = client.post("/accounts/login/", {"login": user.email, "password": PASSWORD}, follow=True)

    assert "Second step" in response.content.decode()
    looks_like_ours(response.content.decode())


def test_wrong_password_is_said_at_the_top(client: Client) -> None:
    response = client.post("/accounts/login/", {"login": make_user().email, "password": "wrong"})

    assert "One thing has to be put right" in response.content.decode()


def test_password_is_reset_by_the_link_in_the_message(client: Client) -> None:
    user = make_user()
    client.post("/accounts/password/reset/", {"email": user.email})
    link = re.search(r"/accounts/password/reset/key/\S+", str(mail.outbox[0].body))
    assert link is not None

    page = client.get(link.group(0), follow=True)
    looks_like_ours(page.content.decode())
    new = "a much better password"
    client.post(page.request["PATH_INFO"], {"password1": new, "password2": new})

    user.refresh_from_db()
    assert user.check_password(new)
    assert "This link no longer works" in Client().get(link.group(0), follow=True).content.decode()


@pytest.mark.browser
@pytest.mark.parametrize("path", ["login/", "password/reset/", "signup/"])
def test_axe_finds_nothing_before_signing_in(open_page: OpenPage, path: str) -> None:
    page = open_page(f"/accounts/{path}", size=PHONE)

    assert_fits(page)
    assert_accessible(page)


@pytest.mark.browser
def test_axe_finds_nothing_in_ones_own_account(open_page: OpenPage) -> None:
    page = open_page("/accounts/login/", size=PHONE)
    page.get_by_label("Email").fill(make_user().email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda url: "login" not in url)
    page.goto("/accounts/reauthenticate/?next=/accounts/2fa/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/accounts/2fa/")

    for path in SIGNED_IN + FRESHLY:
        page.goto(f"/accounts/{path}")
        assert page.url.endswith(path)
        assert_fits(page)
        assert_accessible(page)


@pytest.mark.browser
def test_axe_finds_nothing_in_the_administration(open_page: OpenPage) -> None:
    page = open_page("/admin/", user=make_user(is_staff=True, is_superuser=True))

    assert "Site administration" in page.inner_text("h1")
    assert_accessible(page)
