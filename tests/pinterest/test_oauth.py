"""Grants: the exact calls, and what is made of each kind of answer."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
import responses
import time_machine
from responses import matchers

from pinconnect.pinterest import errors, oauth
from pinconnect.pinterest.types import TokenPair
from tests.pinterest.conftest import API

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ANSWER = {
    "access_token": "pina_new",
    "token_type": "bearer",
    "expires_in": 2592000,
    "scope": "ads:read,ads:write user_accounts:read",
    "response_type": "authorization_code",
    "refresh_token": "pinr_new",
    "refresh_token_expires_in": 5184000,
    "refresh_token_expires_at": 1800000000,
}


def sends(form: dict[str, str]) -> Any:
    """Match a request whose body is exactly this form."""

    def match(request: requests.PreparedRequest) -> tuple[bool, str]:
        sent = dict(parse_qsl((request.body or b"").decode(), strict_parsing=True))
        return sent == form, f"{sent} is not {form}"

    return match


def answers(
    api: responses.RequestsMock, form: dict[str, str], body: Any = None, status: int = 200, **changes: Any
) -> None:
    kept = {key: value for key, value in (ANSWER | changes).items() if value is not None}
    form = {**form, "continuous_refresh": "true"}
    # Basic authentication of "1000001:test-app-secret".
    expected = {
        "Authorization": "Basic MTAwMDAwMTp0ZXN0LWFwcC1zZWNyZXQ=",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    match = [sends(form), matchers.header_matcher(expected)]
    api.post(f"{API}/oauth/token", json=kept if body is None else body, status=status, match=match)


def refreshed(api: responses.RequestsMock, **changes: Any) -> TokenPair:
    answers(api, {"grant_type": "refresh_token", "refresh_token": "pinr_old"}, **changes)
    with time_machine.travel(NOW, tick=False):
        return oauth.refresh("pinr_old")


@pytest.mark.parametrize("address", ["https://www.pinterest.com/oauth/", "https://www.pinterest.com/oauth"])
def test_the_address_of_a_grant_holds_everything(settings: Any, address: str) -> None:
    settings.PINTEREST_OAUTH_URL = address

    url = oauth.authorize_url(state="s&t", scopes=("ads:read", "ads:write"), redirect_uri="https://a.example/back/?x=1")

    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "www.pinterest.com", "/oauth/")
    assert parse_qs(parts.query) == {
        "client_id": ["1000001"],
        "redirect_uri": ["https://a.example/back/?x=1"],
        "response_type": ["code"],
        "scope": ["ads:read,ads:write"],
        "state": ["s&t"],
    }


def test_a_code_becomes_a_pair(api: responses.RequestsMock) -> None:
    answers(api, {"grant_type": "authorization_code", "code": "c+d", "redirect_uri": "https://a.example/back/"})

    with time_machine.travel(NOW, tick=False):
        pair = oauth.exchange_code(code="c+d", redirect_uri="https://a.example/back/")

    scopes = ("ads:read", "ads:write", "user_accounts:read")
    assert pair == TokenPair("pina_new", "pinr_new", NOW + timedelta(days=30), NOW + timedelta(days=60), scopes)


def test_a_renewal_returns_the_new_pair(api: responses.RequestsMock) -> None:
    pair = refreshed(api)

    assert (pair.access_token, pair.refresh_token) == ("pina_new", "pinr_new")
    assert pair.refresh_expires_at == NOW + timedelta(days=60)


def test_without_a_new_refresh_token_the_old_one_stays(api: responses.RequestsMock) -> None:
    pair = refreshed(api, refresh_token=None)

    assert (pair.refresh_token, pair.refresh_expires_at) == ("pinr_old", None)


def test_a_first_grant_may_lack_a_refresh_token(api: responses.RequestsMock) -> None:
    answers(api, {"grant_type": "authorization_code", "code": "c", "redirect_uri": "r"}, refresh_token=None)

    assert oauth.exchange_code(code="c", redirect_uri="r").refresh_token is None


@pytest.mark.parametrize(
    ("expires_in", "lifetime"),
    [
        ("2592000", timedelta(days=30)),
        (3600.0, timedelta(hours=1)),
        (None, timedelta(days=30)),
        (-1, timedelta(days=30)),
        ("soon", timedelta(days=30)),
    ],
)
def test_lifetimes_may_be_text_or_odd(api: responses.RequestsMock, expires_in: Any, lifetime: timedelta) -> None:
    assert refreshed(api, expires_in=expires_in).expires_at == NOW + lifetime


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"refresh_token_expires_in": None}, datetime.fromtimestamp(1800000000, UTC)),
        ({"refresh_token_expires_in": "5184000"}, NOW + timedelta(days=60)),
        ({"refresh_token_expires_in": None, "refresh_token_expires_at": None}, None),
    ],
)
def test_the_end_of_a_refresh_token_comes_from_either_field(
    api: responses.RequestsMock, changes: dict[str, Any], expected: datetime | None
) -> None:
    assert refreshed(api, **changes).refresh_expires_at == expected


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("ads:read, ads:write,ads:read", ("ads:read", "ads:write")),
        ("ads:read  boards:read", ("ads:read", "boards:read")),
        ("", ()),
        (None, ()),
    ],
)
def test_scopes_are_split_on_commas_and_blanks(api: responses.RequestsMock, scope: str | None, expected: tuple) -> None:
    assert refreshed(api, scope=scope).scopes == expected


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, {"code": 2, "message": "Authentication failed."}, errors.TokenRefused),
        (400, {"status": "failure", "code": 283, "message": "The authorization grant is invalid"}, errors.TokenRefused),
        (400, {"code": 1, "message": "redirect_uri differs"}, errors.Rejected),
        (429, {"code": 8, "message": "limit"}, errors.RateLimited),
        (500, {"code": 500, "message": "oops"}, errors.UnknownOutcome),
        (200, {"token_type": "bearer"}, errors.UnknownOutcome),
        (200, {"access_token": 5}, errors.UnknownOutcome),
    ],
)
def test_each_refusal_becomes_its_class(api: responses.RequestsMock, status: int, body: Any, expected: type) -> None:
    with pytest.raises(errors.PinterestError) as caught:
        refreshed(api, status=status, body=body)

    assert type(caught.value) is expected


def test_tokens_are_not_printed(api: responses.RequestsMock) -> None:
    pair = refreshed(api)

    assert "pina_" not in repr(pair)
    assert "pinr_" not in repr(pair)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {"access_token": "pinc_x", "token_type": "bearer", "expires_in": 1}, True),
        (401, {"code": 2, "message": "Authentication failed."}, False),
        (401, {"error": "invalid_client"}, False),
        (400, {"code": 1, "message": "scope"}, True),
        (403, {"code": 403, "message": "not for this app"}, True),
    ],
)
def test_the_apps_own_credentials_can_be_checked(
    api: responses.RequestsMock, status: int, body: Any, expected: bool
) -> None:
    form = {"grant_type": "client_credentials", "scope": "user_accounts:read"}
    api.post(f"{API}/oauth/token", json=body, status=status, match=[sends(form)])

    assert oauth.app_is_accepted() is expected


def test_trouble_at_pinterest_says_nothing_about_the_app(api: responses.RequestsMock) -> None:
    api.post(f"{API}/oauth/token", status=500)

    with pytest.raises(errors.UnknownOutcome):
        oauth.app_is_accepted()
