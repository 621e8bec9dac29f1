"""Attempts are limited per address and per invite, in the cache that all processes share."""

import time

import pytest
from django.core.cache import cache
from django.test import Client

from invites import limits
from tests.invites.conftest import MakeInvite, text


@pytest.fixture(autouse=True)
def _one_window(monkeypatch) -> None:
    """No test runs over the end of a window."""
    monkeypatch.setattr(limits, "window", lambda: 1)


@pytest.fixture
def shared_cache(db: None, settings) -> None:
    """The cache that an installation has: in the database."""
    from django.core.management import call_command

    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "tries"}}
    call_command("createcachetable", verbosity=0)


def test_guessing_is_stopped_for_the_address_and_nobody_else(client: Client, make_invite: MakeInvite) -> None:
    link = make_invite()
    for number in range(limits.PER_ADDRESS):
        assert client.get(f"/connect/guess-{number}/").status_code == 404

    stopped = client.get(link.path)

    assert (stopped.status_code, stopped["Retry-After"]) == (429, "300")
    assert "Wait five minutes" in text(stopped)
    assert client.get(link.path, REMOTE_ADDR="192.0.2.1").status_code == 200


def test_one_invite_is_taken_to_pinterest_so_many_times(simulator, make_invite: MakeInvite) -> None:
    link, other = make_invite(), make_invite()
    for number in range(limits.PER_INVITE):
        assert Client().post(f"{link.path}start/", REMOTE_ADDR=f"192.0.2.{number}").status_code == 302

    assert Client().post(f"{link.path}start/", REMOTE_ADDR="192.0.2.99").status_code == 429
    assert Client().post(f"{other.path}start/", REMOTE_ADDR="192.0.2.99").status_code == 302


def test_looking_for_lost_pages_is_limited_too(client: Client, simulator, db: None) -> None:
    answers = [client.post("/partner/").status_code for _ in range(limits.PER_INVITE + 1)]

    assert answers == [302] * limits.PER_INVITE + [429]


def test_counting_works_in_the_shared_cache(shared_cache: None) -> None:
    passed = [limits.too_many("test", "somebody", 3) for _ in range(5)]

    assert passed == [False, False, False, True, True]
    assert not limits.too_many("test", "somebody else", 3)


def test_a_new_window_begins_anew(monkeypatch) -> None:
    assert [limits.too_many("test", "x", 1) for _ in range(2)] == [False, True]

    monkeypatch.setattr(limits, "window", lambda: 2)

    assert not limits.too_many("test", "x", 1)


def test_windows_are_five_minutes_long(monkeypatch) -> None:
    monkeypatch.undo()
    now = time.time()

    assert limits.window() in {int(now) // 300, int(now) // 300 + 1}


def test_a_cache_that_forgets_lets_people_in(monkeypatch) -> None:
    monkeypatch.setattr(cache, "add", lambda *args: True)

    assert not limits.too_many("test", "x", 0)


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("nonsense", "nonsense"),
    ],
)
def test_of_ipv6_a_whole_household_is_counted(address: str, counted: str) -> None:
    assert limits.neighbourhood(address) == counted


def test_the_address_is_not_kept(monkeypatch) -> None:
    kept: list[str] = []
    monkeypatch.setattr(cache, "add", lambda key, *args: kept.append(key))

    limits.too_many("address", "192.0.2.7", 5)

    assert "192.0.2.7" not in kept[0]


def test_a_forged_header_does_not_change_the_address(client: Client, make_invite: MakeInvite, settings) -> None:
    link = make_invite()
    for number in range(limits.PER_ADDRESS):
        client.get("/connect/guess/", headers={"x-forwarded-for": f"198.51.100.{number}"})
    assert client.get(link.path, headers={"x-forwarded-for": "203.0.113.9"}).status_code == 429

    settings.TRUSTED_PROXY_COUNT = 1
    assert client.get(link.path, headers={"x-forwarded-for": "10.0.0.1, 203.0.113.9"}).status_code == 200
    client.get(link.path, headers={"x-forwarded-for": "10.0.0.2, 203.0.113.9"})
    assert link.invite.events.get(kind="viewed").origin.startswith("203.0.113.0/24")
