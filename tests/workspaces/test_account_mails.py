"""allauth's e-mails: their links lead where people reach the pages, whatever a proxy makes of the request."""

import re

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from tests.factories import make_user

PASSWORD = "a quite unusual phrase"
NEW = {"email": "dora@example.org", "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture
def behind_a_proxy(db: None, settings) -> Client:
    """Which tells us neither the host nor the scheme that people use."""
    cache.clear()
    settings.BASE_URL, settings.SIGNUP_OPEN = "https://pin.example.com", True
    return Client(headers={"host": "127.0.0.1:8000"})


@pytest.mark.parametrize(
    ("path", "form", "link"),
    [
        ("password/reset/", {"email": "alice@example.org"}, "/accounts/password/reset/key/"),
        ("signup/", NEW, "/accounts/confirm-email/"),
        ("signup/", {**NEW, "email": "alice@example.org"}, "/accounts/password/reset/"),
    ],
)
def test_links_begin_with_the_address_that_people_open(
    behind_a_proxy: Client, path: str, form: dict, link: str
) -> None:
    make_user("Alice")

    behind_a_proxy.post(f"/accounts/{path}", form)

    body = str(mail.outbox[0].body)
    assert f"https://pin.example.com{link}" in body
    assert set(re.findall(r"\w+://[^/\s]+", body)) == {"https://pin.example.com"}
    assert "127.0.0.1" not in body
    assert "Hello from PinConnect!" in body


def test_the_link_works(behind_a_proxy: Client) -> None:
    make_user("Alice")
    behind_a_proxy.post("/accounts/password/reset/", {"email": "alice@example.org"})

    link = re.search(r"https://pin\.example\.com(/\S+)", str(mail.outbox[0].body))

    assert link is not None
    assert "Choose a new password" in behind_a_proxy.get(link.group(1), follow=True).content.decode()
