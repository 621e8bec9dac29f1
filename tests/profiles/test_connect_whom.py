"""Whose grant it is, where the way leads on to, and what partners without an account can do."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from pinconnect.lib.tokens import hash_token
from pinconnect.profiles import messages, services
from pinconnect.profiles.models import OAuthState, Profile, ProfileState
from pinconnect.profiles.signals import profile_recovered
from pinconnect.workspaces.models import Membership
from tests.profiles.conftest import CALLBACK, Traveller


def text(answer) -> str:
    return " ".join(answer.content.decode().split())


def test_connecting_again_updates_the_same_profile(mark: Traveller) -> None:
    mark.connect("bob")
    first = Profile.objects.get()

    mark.connect("bob")

    second = Profile.objects.get()
    assert second.access_token != first.access_token
    assert second.token_version == first.token_version + 1


def test_a_renamed_user_is_still_the_same(mark: Traveller, make_profile) -> None:
    profile = make_profile("bob", username="an_older_name")

    mark.connect("bob", profile=profile.pk)

    assert Profile.objects.get().username == "bobs_garden"


def test_a_profile_known_by_name_only_gets_its_id(mark: Traveller, make_profile) -> None:
    profile = make_profile("bob", pinterest_id="", username="Bobs_Garden")

    mark.connect("bob")

    assert Profile.objects.get().pk == profile.pk
    assert Profile.objects.get().pinterest_id == "549755885175"


def test_updating_with_another_account_is_refused_and_names_both(mark: Traveller, make_profile) -> None:
    profile = make_profile("bob")

    answer = mark.connect("alice", profile=profile.pk)

    assert "Another Pinterest account was signed in" in text(answer)
    assert "bobs_garden" in text(answer)
    assert "alice_agency" in text(answer)
    assert Profile.objects.get().access_token == profile.access_token


def test_an_expired_profile_recovers_and_says_so(
    mark: Traveller, make_profile, django_capture_on_commit_callbacks
) -> None:
    profile = make_profile("bob", state=ProfileState.EXPIRED)
    told = []

    def listen(sender, profile, **_):
        told.append(profile.pk)

    profile_recovered.connect(listen)
    with django_capture_on_commit_callbacks(execute=True):
        mark.connect("bob", profile=profile.pk)

    assert Profile.objects.get().state == ProfileState.CONNECTED
    assert told == [profile.pk]


def test_the_same_pinterest_user_may_be_in_two_workspaces(mark: Traveller, make_profile) -> None:
    other = Membership.objects.get(user=mark.acme.charlie).workspace
    make_profile("bob", workspace=other)

    mark.connect("bob")

    assert Profile.objects.filter(pinterest_id="549755885175").count() == 2


def test_the_way_may_lead_on_to_a_page_of_ours(mark: Traveller) -> None:
    next_url = f"{mark.acme.url}ad-accounts/?q=x"

    answer = mark.connect("bob", next=next_url)

    state = OAuthState.objects.get()
    assert answer.url == f"{next_url}&connect={state.pk}"
    outcome = services.connect_outcome(mark.web.session, state.pk)
    assert (outcome.code, outcome.profile) == ("connected", Profile.objects.get())


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:x",
        # What PostgreSQL has no room for.
        pytest.param(f"/{500 * 'a'}", id="too long"),
        "/a\0b",
    ],
)
def test_the_way_never_leads_to_another_site(mark: Traveller, elsewhere: str) -> None:
    answer = mark.connect("bob", next=elsewhere)

    assert answer.url == Profile.objects.get().get_absolute_url()
    with pytest.raises(ValueError, match="path of this site"):
        services.start_connect(mark.acme.workspace, by=None, session=mark.web.session, next_url=elsewhere)


def partner_leaves(acme, web: Client, **lock) -> str:
    session = web.session
    url = services.start_connect(acme.workspace, by=None, session=session, next_url="/thanks/", **lock)
    session.save()
    return url.partition("state=")[2].partition("&")[0]


def test_a_partner_without_an_account_may_grant(mark: Traveller) -> None:
    mark.web.logout()
    state = partner_leaves(mark.acme, mark.web)

    answer = mark.back(mark.decide(state))

    assert answer.url == f"/thanks/?connect={OAuthState.objects.get().pk}"
    assert Profile.objects.get().connected_by is None


def test_a_locked_invitation_refuses_another_user_and_stores_nothing(mark: Traveller) -> None:
    mark.web.logout()
    state = partner_leaves(mark.acme, mark.web, expected_username="@Bobs_Garden")

    answer = mark.back(mark.decide(state, "alice"))

    outcome = services.connect_outcome(mark.web.session, OAuthState.objects.get().pk)
    assert answer.url.startswith("/thanks/")
    assert (outcome.code, outcome.profile) == ("wrong_account", None)
    assert (outcome.expected_username, outcome.came_username) == ("Bobs_Garden", "alice_agency")
    assert not Profile.objects.exists()


def test_going_back_shows_a_partner_the_first_answer_again(mark: Traveller) -> None:
    mark.web.logout()
    params = mark.decide(partner_leaves(mark.acme, mark.web))
    first = mark.back(params).url

    assert mark.back(params).url == first
    assert Profile.objects.get().token_version == 1


def test_the_end_of_a_trip_is_told_to_its_own_session_only(mark: Traveller) -> None:
    state = OAuthState.objects.filter(state_hash=hash_token(mark.leave())).get()

    assert services.connect_outcome(mark.web.session, state.pk) is None
    OAuthState.objects.update(used_at=timezone.now())
    assert services.connect_outcome(mark.web.session, state.pk).code == "unfinished"
    assert services.connect_outcome(Client().session, state.pk) is None
    assert services.connect_outcome(mark.web.session, state.pk + 1) is None


def test_without_an_app_connecting_is_refused_in_words(mark: Traveller, settings) -> None:
    settings.PINTEREST_APP_ID = ""

    answer = mark.web.post(f"{mark.acme.url}profiles/connect/", follow=True)

    assert messages.NO_APP in text(answer)


def test_every_end_has_words() -> None:
    for code in messages.CONNECT_CODES:
        words = messages.connect_words(code, profile="Bob", expected="a", came="b", missing="c")
        assert words.title
        assert "{" not in words.title + words.body + words.next_step


def test_the_return_address_is_the_registered_one(settings) -> None:
    assert settings.PINTEREST_REDIRECT_URI.endswith(CALLBACK)


def test_old_trips_are_forgotten(mark: Traveller) -> None:
    mark.leave()
    mark.leave()
    old = OAuthState.objects.first()
    OAuthState.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(days=8))

    assert services.forget_old_states() == 1
    assert OAuthState.objects.count() == 1
