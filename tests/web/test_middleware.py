"""Headers that every page carries."""

import pytest
from django.test import Client

from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_page_of_a_signed_in_user_stays_out_of_caches(client: Client) -> None:
    client.force_login(make_user())

    response = client.get("/accounts/sessions/")

    assert response.status_code == 200
    assert response["Cache-Control"] == "private, no-store"


def test_page_that_knows_nobody_may_be_cached(client: Client) -> None:
    assert "no-store" not in client.get("/healthz").get("Cache-Control", "")


@pytest.mark.parametrize("path", ["/accounts/login/", "/healthz", "/nowhere/"])
def test_headers_switch_off_what_is_never_used(client: Client, path: str) -> None:
    response = client.get(path)

    assert "camera=()" in response["Permissions-Policy"]
    assert "publickey-credentials-get=(self)" in response["Permissions-Policy"]
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert response["X-Frame-Options"] == "DENY"


def test_policy_allows_no_inline_script_or_style(client: Client) -> None:
    policy = client.get("/accounts/login/")["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
