"""Manage Profile: who it is, who granted what and when, both ends, what depends on it, and its history."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pinconnect.profiles import origins, services, usage
from pinconnect.profiles.models import OAuthState, Profile
from pinconnect.profiles.origins import Origin
from pinconnect.profiles.signals import profile_disconnected
from tests.profiles.conftest import Acme, Traveller

pytestmark = pytest.mark.django_db


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


@pytest.fixture
def signed_in(client: Client, acme: Acme) -> Client:
    client.force_login(acme.mark)
    return client


def test_it_says_who_it_is_and_until_when_both_tokens_last(signed_in: Client, make_profile: Any) -> None:
    ends = datetime(2031, 5, 17, 9, 30, tzinfo=UTC)
    profile = make_profile(business_name="Bob's Garden", expires_at=ends, refresh_expires_at=ends + timedelta(days=30))

    page = text(signed_in.get(profile.get_absolute_url()))

    for said in (
        "Manage Profile: Bob",
        "@bobs_garden",
        "549755885175",
        "17 May 2031",
        "16 Jun 2031",
        "Token Management",
    ):
        assert said in page
    assert "Create and change customer lists and audiences" in page


def test_it_says_which_member_connected_it(signed_in: Client, acme: Acme, make_profile: Any) -> None:
    assert f"{acme.alice}, a member" in text(signed_in.get(make_profile(connected_by=acme.alice).get_absolute_url()))


def test_it_says_through_what_a_partner_connected_it(
    signed_in: Client, make_profile: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin = Origin("the app invite for Petra", "/w/acme/app-invites/7/")
    monkeypatch.setattr(origins, "_readers", {"none": lambda profile: None, "test": lambda profile: origin})

    page = text(signed_in.get(make_profile(connected_by=None).get_absolute_url()))

    assert 'A partner, through <a href="/w/acme/app-invites/7/">the app invite for Petra</a>' in page


def test_a_member_who_is_gone_is_not_called_a_partner(
    signed_in: Client, make_profile: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(origins, "_readers", {})

    page = text(signed_in.get(make_profile(connected_by=None).get_absolute_url()))

    assert "Somebody who is no longer known here" in page


def test_its_history_is_told_in_words_and_without_that_of_others(mark: Traveller, make_profile: Any) -> None:
    mark.connect("bob")
    profile = Profile.objects.get()
    mark.connect("bob", profile=profile.pk)
    services.disconnect(profile, by=None)
    services.disconnect(make_profile("alice"), by=mark.acme.vera)

    history = text(mark.web.get(profile.get_absolute_url())).partition("History")[2]

    for said in (
        "Token updated",
        "Connected",
        "Disconnected: our tokens were deleted",
        "A partner",
        mark.acme.mark.email,
    ):
        assert said in history
    assert mark.acme.vera.email not in history


def test_profiles_are_filtered_by_warning_too(signed_in: Client, acme: Acme, make_profile: Any) -> None:
    make_profile("bob", has_all_scopes=False)
    make_profile("alice")

    incomplete = text(signed_in.get(f"{acme.url}profiles/?state=incomplete"))

    assert "bobs_garden" in incomplete
    assert "alice_agency" not in incomplete
    assert "alice_agency" in text(signed_in.get(f"{acme.url}profiles/?state=connected"))


def test_disconnecting_says_what_stops_and_where_to_remove_the_grant(
    signed_in: Client, make_profile: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = [
        usage.Usage("Newsletter", "", "", "Active", "/x/", timezone.now(), "stops until a profile works again"),
        usage.Usage("Shoppers", "", "", "Active", "/y/", None, "goes on through alice"),
    ]
    monkeypatch.setattr(usage, "_readers", {"test": lambda profile: used})

    page = text(signed_in.get(f"{make_profile().get_absolute_url()}disconnect/"))

    assert "Newsletter</a> stops until a profile works again." in page
    assert "Shoppers</a> goes on through alice." in page
    assert 'href="https://www.pinterest.com/settings/security"' in page


def test_others_are_told_of_a_disconnect_once(make_profile: Any, django_capture_on_commit_callbacks: Any) -> None:
    profile, told = make_profile(), []

    def listen(sender: Any, profile: Profile, **_: Any) -> None:
        told.append(profile.state)

    profile_disconnected.connect(listen)
    with django_capture_on_commit_callbacks(execute=True):
        services.disconnect(profile, by=None)
        services.disconnect(profile, by=None)

    assert told == ["disconnected"]


def window(profile: Profile) -> str:
    return f"{profile.get_absolute_url()}window/"


def test_the_end_of_a_window_leaves_the_good_news_to_the_page_behind(mark: Traveller, make_profile: Any) -> None:
    profile = make_profile("bob", business_name="")
    answer = mark.connect("bob", profile=profile.pk, next=window(profile))
    assert answer.url == f"{window(profile)}?connect={OAuthState.objects.get().pk}"

    end = text(mark.web.get(answer.url))

    assert f'data-window-end="pinconnect.profile.{profile.pk}"' in end
    assert 'class="alert' not in end.partition("<main")[2]
    assert "is updated" in text(mark.web.get(profile.get_absolute_url()))


def test_the_end_of_a_window_explains_a_refusal_and_nobody_repeats_it(mark: Traveller, make_profile: Any) -> None:
    profile = make_profile("bob")
    answer = mark.connect("alice", profile=profile.pk, next=window(profile))

    end = mark.web.get(answer.url)

    assert "Another Pinterest account was signed in" in text(end)
    assert "data-window-end" not in text(end)
    assert "Another Pinterest account" not in text(mark.web.get(profile.get_absolute_url()))


@pytest.mark.parametrize("number", ["", "x", "0", "999999999"])
def test_a_window_without_a_trip_of_its_own_goes_to_the_profile(
    signed_in: Client, make_profile: Any, number: str
) -> None:
    profile = make_profile()

    assert signed_in.get(window(profile), {"connect": number}).url == profile.get_absolute_url()


def test_the_trip_of_another_browser_is_not_shown(mark: Traveller, make_profile: Any) -> None:
    profile = make_profile("bob")
    answer = mark.connect("alice", profile=profile.pk, next=window(profile))
    other = Client()
    other.force_login(mark.acme.alice)

    assert other.get(answer.url).url == profile.get_absolute_url()
