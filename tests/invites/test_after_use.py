"""What a used invite says once its profile works no longer, and what is not asked about any more."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from invites import wording
from pinconnect.profiles.models import Profile, ProfileState
from pinconnect.profiles.services import disconnect
from tests.invites.conftest import Link, MakeInvite, Partner, text

CONNECTED = "the profile is connected"


@pytest.fixture
def mark(client: Client, acme) -> Client:
    client.force_login(acme.mark)
    return client


@pytest.fixture
def used(partner: Partner, make_invite: MakeInvite) -> Link:
    link = make_invite()
    partner.go(link)
    return link


def page_of(link: Link) -> str:
    return f"/w/acme/app-invites/{link.invite.pk}/"


def names(mark: Client, state: str) -> list[str]:
    return [one.partner_name for one in mark.get("/w/acme/app-invites/", {"state": state}).context["page"]]


def test_a_used_invite_is_active_while_its_profile_is_connected(mark: Client, used: Link) -> None:
    said = text(mark.get(page_of(used)))

    assert CONNECTED in said
    assert "reconnect invite" not in said
    assert (names(mark, "active"), names(mark, "ended")) == (["Paula"], [])


@pytest.mark.parametrize(
    ("state", "label", "sentence"),
    [
        (ProfileState.DISCONNECTED, "Profile disconnected", "The profile has since been disconnected"),
        (ProfileState.EXPIRED, "Profile expired", "Pinterest no longer accepts it"),
    ],
)
def test_a_profile_that_works_no_longer_is_told_with_the_way_back(
    mark: Client, used: Link, state: ProfileState, label: str, sentence: str
) -> None:
    Profile.objects.update(state=state)

    said, listed = text(mark.get(page_of(used))), text(mark.get("/w/acme/app-invites/"))

    assert CONNECTED not in said
    assert label in said
    assert label in listed
    assert sentence in said
    way_back = f"/w/acme/app-invites/new/?profile={Profile.objects.get().pk}"
    assert f'href="{way_back}"' in said
    assert f'<option value="{Profile.objects.get().pk}" selected>' in text(mark.get(way_back))
    assert (names(mark, "active"), names(mark, "ended")) == ([], ["Paula"])


def test_disconnecting_is_seen_at_once(mark: Client, used: Link, acme) -> None:
    disconnect(Profile.objects.get(), by=acme.mark)

    assert wording.badge(used.now()).label == "Profile disconnected"


def test_a_profile_that_is_gone_is_told(mark: Client, used: Link) -> None:
    Profile.objects.all().delete()

    said = text(mark.get(page_of(used)))

    assert "The profile is no longer in this workspace" in said
    assert "reconnect invite" not in said
    assert names(mark, "ended") == ["Paula"]


def test_an_open_reconnect_invite_is_named_in_place_of_a_second_one(
    mark: Client, used: Link, make_invite: MakeInvite
) -> None:
    Profile.objects.update(state=ProfileState.DISCONNECTED)
    asking = make_invite(profile=Profile.objects.get())

    said = text(mark.get(page_of(used)))

    assert f'href="{page_of(asking)}"' in said
    assert "Make a reconnect invite" not in said


def test_viewers_are_offered_no_reconnect_invite(client: Client, acme, used: Link) -> None:
    Profile.objects.update(state=ProfileState.DISCONNECTED)
    client.force_login(acme.vera)

    said = text(client.get(page_of(used)))

    assert "Profile disconnected" in said
    assert "Make a reconnect invite" not in said


@pytest.mark.parametrize(
    ("action", "refusal"),
    [("replace-link", "This invite was used or revoked. Create a new one."), ("revoke", "nothing to revoke")],
)
def test_what_would_be_refused_is_not_asked_about(mark: Client, used: Link, action: str, refusal: str) -> None:
    answer = mark.get(f"{page_of(used)}{action}/")

    assert (answer.status_code, answer.url) == (302, page_of(used))
    assert refusal in " ".join(str(one) for one in get_messages(answer.wsgi_request))
    assert refusal in text(mark.get(answer.url))


def test_a_new_link_for_an_expired_invite_is_refused_at_once(mark: Client, make_invite: MakeInvite) -> None:
    link = make_invite()
    type(link.invite).objects.update(expires_at=timezone.now())

    assert "Extend it first" in text(mark.get(f"{page_of(link)}replace-link/", follow=True))
    assert mark.get(f"{page_of(link)}revoke/").status_code == 200, "an expired link can still be stopped for good"


def test_archiving_promises_a_connected_profile_only_where_there_is_one(mark: Client, used: Link) -> None:
    question = f"{page_of(used)}archive/"
    assert "The profile stays connected" in text(mark.get(question))

    Profile.objects.update(state=ProfileState.DISCONNECTED)

    assert "stays connected" not in text(mark.get(question))
