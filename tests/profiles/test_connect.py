"""Going to Pinterest and coming back: granted, declined, in part, twice, late, elsewhere, as somebody else."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from pinconnect.lib.tokens import hash_token
from pinconnect.profiles.models import AdAccount, OAuthState, Profile
from pinconnect.workspaces.models import AuditEvent, Membership
from pinconnect.workspaces.roles import Role
from tests.profiles.conftest import Traveller


def text(answer) -> str:
    return " ".join(answer.content.decode().split())


def test_a_grant_becomes_a_profile_with_its_ad_accounts(mark: Traveller) -> None:
    answer = mark.connect("bob")

    profile = Profile.objects.get()
    assert answer.url == profile.get_absolute_url()
    assert (profile.username, profile.pinterest_id, profile.state) == ("bobs_garden", "549755885175", "connected")
    assert profile.connected_by == mark.acme.mark
    assert timedelta(days=29) < profile.expires_at - timezone.now() <= timedelta(days=30)
    assert profile.has_all_scopes
    assert AdAccount.objects.count() == 6
    assert AuditEvent.objects.get(verb="profile.connected").actor == mark.acme.mark


def test_tokens_are_encrypted_in_the_database(mark: Traveller) -> None:
    mark.connect("bob")

    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token, refresh_token FROM profiles_profile")
        stored = " ".join(cursor.fetchone())
    assert "pina_" not in stored
    assert "pinr_" not in stored
    assert Profile.objects.get().access_token.startswith("pina_")


def test_the_state_is_random_hashed_and_short_lived(mark: Traveller) -> None:
    first, second = mark.leave(), mark.leave()

    kept = OAuthState.objects.order_by("pk").first()
    assert first != second
    assert len(first) == 43
    assert kept.state_hash == hash_token(first)
    assert kept.expires_at - kept.created_at == timedelta(minutes=10)
    assert first not in str(OAuthState.objects.values())


def test_declining_is_explained_and_nothing_is_stored(mark: Traveller) -> None:
    state = mark.leave()

    answer = mark.back(mark.decide(state, decision="deny"))

    assert answer.status_code == 200
    assert "You declined at Pinterest" in text(answer)
    assert "Start again" in text(answer)
    assert not Profile.objects.exists()


@pytest.mark.parametrize(
    ("granted", "said"),
    [
        (["ads:read", "user_accounts:read"], "Create and change customer lists and audiences"),
        (["ads:write", "ads:read"], "See who you are on Pinterest"),
    ],
)
def test_a_partial_grant_names_what_is_missing_and_stores_nothing(mark: Traveller, granted: list, said: str) -> None:
    state = mark.leave()

    answer = mark.back(mark.decide(state, scopes=granted))

    assert "A permission was left out" in text(answer)
    assert said in text(answer)
    assert not Profile.objects.exists()


def test_an_answer_counts_once(mark: Traveller) -> None:
    params = mark.decide(mark.leave())
    mark.back(params)
    version = Profile.objects.get().token_version

    answer = mark.back(params)

    assert answer.status_code == 400
    assert "This answer was used already" in text(answer)
    assert Profile.objects.get().token_version == version


def test_an_answer_counts_only_in_the_browser_that_asked(mark: Traveller) -> None:
    params = mark.decide(mark.leave())
    elsewhere = Traveller(Client(), mark.acme, mark.simulator)
    elsewhere.web.force_login(mark.acme.mark)

    answer = elsewhere.back(params)

    assert answer.status_code == 400
    assert "started in another browser" in text(answer)
    assert not Profile.objects.exists()
    assert mark.back(params).status_code == 302


def test_an_answer_counts_only_for_the_person_who_asked(mark: Traveller) -> None:
    params = mark.decide(mark.leave())
    OAuthState.objects.update(user=mark.acme.alice)

    assert "Somebody else started this connection" in text(mark.back(params))
    assert not Profile.objects.exists()


def test_an_answer_is_too_late_after_ten_minutes(mark: Traveller) -> None:
    params = mark.decide(mark.leave())
    OAuthState.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert "That took too long" in text(mark.back(params))
    assert not Profile.objects.exists()


@pytest.mark.parametrize(
    ("params", "title"),
    [
        ({}, "This page was opened without coming from Pinterest"),
        ({"state": "made-up", "code": "x"}, "This connection was not started here"),
    ],
)
def test_answers_that_nobody_asked_for_are_explained(mark: Traveller, params: dict, title: str) -> None:
    answer = mark.back(params)

    assert answer.status_code == 400
    assert title in text(answer)


@pytest.mark.parametrize("odd", [{}, {"error": "server_error"}, {"code": ""}])
def test_an_odd_answer_is_explained(mark: Traveller, odd: dict) -> None:
    answer = mark.back({"state": mark.leave(), **odd})

    assert "Pinterest came back without an answer" in text(answer)


def test_a_made_up_code_is_refused(mark: Traveller) -> None:
    answer = mark.back({"state": mark.leave(), "code": "made-up"})

    assert "Pinterest did not accept the answer it had sent" in text(answer)


def test_a_wrong_app_secret_is_not_blamed_on_the_user(mark: Traveller, settings) -> None:
    params = mark.decide(mark.leave())
    settings.PINTEREST_APP_SECRET = "wrong"

    assert "does not accept this installation’s app" in text(mark.back(params))


@pytest.mark.parametrize("fault", ["server_error", "drop_after", "not_json", "rate_limited"])
def test_a_pinterest_in_trouble_is_explained(mark: Traveller, fault: str) -> None:
    params = mark.decide(mark.leave())
    mark.simulator.fault(fault, times=5)

    answer = mark.back(params)

    assert "Pinterest did not answer" in text(answer)
    assert not Profile.objects.exists()


def test_ad_accounts_that_cannot_be_read_now_are_left_to_a_worker(
    mark: Traveller, django_capture_on_commit_callbacks
) -> None:
    params = mark.decide(mark.leave())
    mark.simulator.fault("error", operation="ad_accounts/list", times=9, status=500, code=500)

    with django_capture_on_commit_callbacks() as sent:
        answer = mark.back(params)

    assert answer.status_code == 302
    assert Profile.objects.get().ad_accounts_read_at is None
    assert len(sent) == 1


def test_whoever_lost_the_right_meanwhile_connects_nothing(mark: Traveller) -> None:
    params = mark.decide(mark.leave())
    Membership.objects.filter(user=mark.acme.mark).update(role=Role.VIEWER)

    assert "You may no longer connect profiles" in text(mark.back(params))
    assert not Profile.objects.exists()
