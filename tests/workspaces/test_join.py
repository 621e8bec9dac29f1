"""The link of an invitation, from the e-mail to the workspace."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail as outbox
from django.utils import timezone

from pinconnect.workspaces import mail, services
from pinconnect.workspaces.models import MemberInvitation, Membership, OutgoingEmail, User
from pinconnect.workspaces.roles import Role
from tests.factories import PASSWORD, make_user

NEW_PASSWORD = "a quite unusual phrase"


def invited(acme, email="dora@example.org") -> str:
    """Invite an address and return the path of the link in the e-mail."""
    services.invite_member(acme.workspace, email=email, role=Role.MARKETER, by=acme.alice)
    mail.send(OutgoingEmail.objects.latest("pk").pk)
    return re.search(r"http://testserver(/join/\S+)", outbox.outbox[-1].body).group(1)


def sign_up(client, **fields):
    data = {"email": "dora@example.org", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "next": "/join/"}
    return client.post("/accounts/signup/", {**data, **fields}, follow=True)


def test_link_shows_who_invites_to_what_and_changes_nothing(client, acme):
    page = client.get(invited(acme), follow=True)

    assert page.redirect_chain == [("/join/", 302)]
    for words in ("Acme", "Alice", "Marketer", "dora@example.org", "Make an account"):
        assert words in page.content.decode()
    assert MemberInvitation.objects.get().accepted_at is None


def test_end_of_the_invitation_is_told_in_the_zone_of_the_workspace(client, acme):
    acme.workspace.time_zone = "Asia/Tokyo"
    acme.workspace.save()
    link = invited(acme)
    MemberInvitation.objects.update(expires_at=datetime(2040, 1, 1, 20, 0, tzinfo=UTC))

    assert "2 Jan 2040, 05:00 (Asia/Tokyo)" in client.get(link, follow=True).content.decode()


def test_link_may_be_opened_any_number_of_times(client, acme):
    link = invited(acme)

    assert [client.get(link, follow=True).status_code for _ in range(3)] == [200, 200, 200]


def test_new_person_signs_up_through_the_link_and_joins(client, acme):
    client.get(invited(acme), follow=True)

    page = sign_up(client)
    assert page.redirect_chain[-1][0] == "/join/", "the address counts as verified, no further e-mail is needed"
    client.post("/join/")

    dora = User.objects.get(email="dora@example.org")
    assert Membership.objects.get(user=dora).workspace == acme.workspace
    assert len(outbox.outbox) == 1


@pytest.mark.parametrize(
    ("role", "said"),
    [(Role.VIEWER, "a viewer"), (Role.MARKETER, "a marketer"), (Role.ADMIN, "an admin")],
)
def test_the_welcome_names_the_role(client, acme, role, said):
    client.get(invited(acme), follow=True)
    sign_up(client)
    MemberInvitation.objects.update(role=role)

    page = client.post("/join/", follow=True).content.decode()

    assert f"Welcome to Acme. You are {said} here." in page


def test_form_for_signing_up_is_filled_with_the_invited_address(client, acme):
    client.get(invited(acme), follow=True)

    assert 'value="dora@example.org"' in client.get("/accounts/signup/").content.decode()


@pytest.mark.parametrize(
    ("is_open", "is_invited", "said"),
    [
        (False, True, None),
        (True, False, "shows the address is yours."),
        (True, True, "shows the address is yours, unless it is the one that your invitation was sent to."),
    ],
)
def test_a_message_is_promised_only_where_one_comes(client, acme, settings, is_open, is_invited, said):
    settings.SIGNUP_OPEN = is_open
    if is_invited:
        client.get(invited(acme), follow=True)

    page = client.get("/accounts/signup/").content.decode()

    assert said in page if said else "You will get a message" not in page


def test_sign_up_is_closed_without_an_invitation(client, acme):
    sign_up(client)

    assert not User.objects.filter(email="dora@example.org").exists()


def test_sign_up_is_open_when_the_setting_says_so(client, acme, settings):
    settings.SIGNUP_OPEN = True

    sign_up(client)

    assert not User.objects.get(email="dora@example.org").emailaddress_set.get().verified


def test_invitation_opens_sign_up_for_its_own_address_only(client, acme):
    client.get(invited(acme), follow=True)

    page = sign_up(client, email="mallory@example.org")

    assert "Your invitation is for another address" in page.content.decode()
    assert not User.objects.filter(email="mallory@example.org").exists()


def test_revoked_invitation_closes_sign_up_again(client, acme):
    client.get(invited(acme), follow=True)
    services.revoke(MemberInvitation.objects.get(), by=acme.alice)

    sign_up(client)

    assert not User.objects.filter(email="dora@example.org").exists()


def test_known_person_signs_in_and_joins(client, acme):
    make_user("Dora")
    page = client.get(invited(acme), follow=True)
    assert "Sign in and join" in page.content.decode()

    credentials = {"login": "dora@example.org", "password": PASSWORD, "next": "/join/"}
    page = client.post("/accounts/login/", credentials, follow=True)
    assert page.redirect_chain[-1][0] == "/join/"
    reply = client.post("/join/")

    assert reply.url.startswith(acme.url)
    assert acme.membership(User.objects.get(email="dora@example.org")).role == Role.MARKETER


def test_somebody_else_is_told_and_can_sign_out_keeping_the_invitation(client, acme):
    client.force_login(acme.charlie)
    page = client.get(invited(acme), follow=True)
    assert "The invitation is for another address" in page.content.decode()

    refused = client.post("/join/", follow=True)
    assert "another e-mail address" in refused.content.decode()
    assert not Membership.objects.filter(user=acme.charlie, workspace=acme.workspace).exists()

    page = client.post("/join/switch-user/", follow=True)
    assert "Make an account and join" in page.content.decode()
    assert "_auth_user_id" not in client.session


def test_anonymous_post_joins_nobody(client, acme):
    client.get(invited(acme), follow=True)

    client.post("/join/")

    assert MemberInvitation.objects.get().accepted_at is None


def test_unknown_and_revoked_links_answer_alike(client, acme):
    link = invited(acme)
    services.revoke(MemberInvitation.objects.get(), by=acme.alice)

    revoked, unknown = client.get(link, follow=True), client.get(f"/join/{'x' * 43}/", follow=True)

    assert (revoked.status_code, revoked.content) == (404, unknown.content)
    assert "This link does not work" in unknown.content.decode()


def test_expired_link_says_whom_to_ask(client, acme):
    link = invited(acme)
    MemberInvitation.objects.update(expires_at=timezone.now() - timedelta(minutes=1))

    page = client.get(link, follow=True)

    assert page.status_code == 410
    assert "Ask Alice to send it again" in page.content.decode()
    assert client.post("/join/").status_code == 410


def test_used_link_says_so(client, acme):
    link = invited(acme)
    services.accept_invitation(MemberInvitation.objects.get(), by=make_user("Dora"))

    page = client.get(link, follow=True)

    assert page.status_code == 410
    assert "accepted already" in page.content.decode()


def test_older_link_dies_when_the_invitation_is_sent_again(client, acme):
    link = invited(acme)
    client.get(link, follow=True)
    MemberInvitation.objects.update(asked_at=timezone.now() - timedelta(hours=1))

    services.send_again(MemberInvitation.objects.get(), by=acme.alice)

    assert client.get(link).status_code == 404
    assert client.get("/join/").status_code == 404, "also for who opened it before"


@pytest.mark.parametrize("path", ["/join/", "/join/abc/"])
def test_pages_of_invitations_are_not_kept_by_caches(client, acme, path):
    assert "no-store" in client.get(path).headers["Cache-Control"]
