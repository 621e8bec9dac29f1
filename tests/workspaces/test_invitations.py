"""Inviting members: the services and the e-mail."""

import re
from datetime import timedelta

import pytest
from django.core import mail as outbox
from django.utils import timezone
from django_q.models import OrmQ

from pinconnect.lib.tokens import hash_token
from pinconnect.workspaces import mail, services
from pinconnect.workspaces.models import AuditEvent, MemberInvitation, OutgoingEmail
from pinconnect.workspaces.refusals import Refused
from pinconnect.workspaces.roles import Role
from pinconnect.workspaces.services.invitations import find
from tests.factories import make_user


def invite(acme, email="dora@example.org", role=Role.MARKETER):
    return services.invite_member(acme.workspace, email=email, role=role, by=acme.alice)


def send_emails() -> list[str]:
    """Send what is due; returns the tokens of the links that went out."""
    before = len(outbox.outbox)
    for pk in OutgoingEmail.objects.filter(due_at__isnull=False).values_list("pk", flat=True):
        mail.send(pk)
    return [re.search(r"/join/([\w-]+)/", sent.body).group(1) for sent in outbox.outbox[before:]]


def later(invitation, **fields):
    """As if time had passed since the invitation."""
    MemberInvitation.objects.filter(pk=invitation.pk).update(**fields)
    invitation.refresh_from_db()
    return invitation


def test_email_carries_a_link_of_which_only_the_hash_is_kept(acme):
    invitation = invite(acme)

    (token,) = send_emails()

    invitation.refresh_from_db()
    assert invitation.token_hash == hash_token(token)
    assert find(token) == invitation
    assert outbox.outbox[0].to == ["dora@example.org"]
    assert "http://testserver/join/" in outbox.outbox[0].alternatives[0].content


def test_no_token_and_no_address_waits_in_the_queue(acme, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        invite(acme)

    task = OrmQ.objects.get().task
    assert (task["func"], task["args"]) == ("pinconnect.workspaces.tasks.send_email", (OutgoingEmail.objects.get().pk,))
    assert "dora" not in str(task) + str(vars(OutgoingEmail.objects.get()))


def test_invitation_lasts_seven_days(acme):
    invitation = invite(acme)

    assert invitation.is_pending
    assert timedelta(days=6, hours=23) < invitation.expires_at - timezone.now() <= timedelta(days=7)


def test_address_of_a_member_is_not_invited_whatever_its_case(acme):
    with pytest.raises(Refused, match="member already"):
        invite(acme, "BOB@Example.org")


def test_address_is_not_invited_twice(acme):
    invite(acme)

    with pytest.raises(Refused, match="invited already"):
        invite(acme, "Dora@example.org")
    assert MemberInvitation.objects.count() == 1


def test_expired_invitation_is_renewed_with_the_new_role(acme):
    old = later(invite(acme), expires_at=timezone.now() - timedelta(seconds=1))

    new = invite(acme, role=Role.ADMIN)

    assert (new.pk, new.role, new.is_pending) == (old.pk, Role.ADMIN, True)


def test_open_invitations_are_limited(acme, monkeypatch):
    monkeypatch.setattr("pinconnect.workspaces.services.invitations.MOST_OPEN", 2)
    invite(acme, "a@example.org")
    invite(acme, "b@example.org")

    with pytest.raises(Refused, match="too many"):
        invite(acme, "c@example.org")


def test_sending_again_replaces_the_link_at_once(acme):
    invitation = invite(acme)
    (first,) = send_emails()
    later(invitation, asked_at=timezone.now() - timedelta(hours=1))

    services.send_again(invitation, by=acme.alice)

    assert find(first) is None
    (second,) = send_emails()
    assert find(second) == invitation


def test_sending_again_calls_off_what_still_waits(acme):
    invitation = later(invite(acme), asked_at=timezone.now() - timedelta(hours=1))

    services.send_again(invitation, by=acme.alice)

    assert len(send_emails()) == 1


def test_sending_again_at_once_is_refused(acme):
    with pytest.raises(Refused, match="less than a minute"):
        services.send_again(invite(acme), by=acme.alice)


def test_revoked_link_is_not_found_and_its_email_is_called_off(acme):
    invitation = invite(acme)
    (token,) = send_emails()
    waiting = invite(acme, "emil@example.org")

    services.revoke(invitation, by=acme.alice)
    services.revoke(waiting, by=acme.alice)

    assert find(token) is None
    assert send_emails() == []
    with pytest.raises(Refused, match="no longer open"):
        services.revoke(invitation, by=acme.alice)


def test_accepting_makes_a_member_with_the_invited_role(acme):
    dora = make_user("Dora")
    invitation = invite(acme, role=Role.VIEWER)

    services.accept_invitation(invitation, by=dora)

    assert acme.membership(dora).role == Role.VIEWER
    assert AuditEvent.objects.filter(verb="member.joined", actor=dora).count() == 1


def test_invitation_is_accepted_once(acme):
    dora = make_user("Dora")
    invitation = invite(acme)
    services.accept_invitation(invitation, by=dora)

    with pytest.raises(Refused, match="no longer open"):
        services.accept_invitation(invitation, by=dora)


@pytest.mark.parametrize(("name", "is_verified"), [("Charlie", True), ("Dora", False)])
def test_only_the_verified_owner_of_the_address_accepts(acme, name, is_verified):
    person = make_user(name, is_verified=is_verified)
    invitation = invite(acme)

    with pytest.raises(Refused, match="another e-mail address"):
        services.accept_invitation(invitation, by=person)
    assert not person.memberships.exists()


def test_expired_or_replaced_invitation_is_not_accepted(acme):
    dora = make_user("Dora")
    invitation = invite(acme)
    stale = MemberInvitation.objects.get(pk=invitation.pk)

    later(invitation, expires_at=timezone.now())
    with pytest.raises(Refused, match="expired"):
        services.accept_invitation(invitation, by=dora)
    later(invitation, expires_at=timezone.now() + timedelta(days=1), token_hash="0" * 64)
    with pytest.raises(Refused, match="no longer open"):
        services.accept_invitation(stale, by=dora)


def test_who_is_a_member_already_keeps_the_role(acme):
    dora = make_user("Dora")
    invitation = invite(acme, role=Role.VIEWER)
    services.add_member(acme.workspace, dora, Role.ADMIN, by=acme.alice)

    services.accept_invitation(invitation, by=dora)

    assert acme.membership(dora).role == Role.ADMIN
