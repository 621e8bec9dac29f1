"""When Pinterest refuses a profile for good: whoever granted access is asked once, and everything goes on by itself."""

from datetime import timedelta

import pytest
from django.core import mail as django_mail
from django.utils import timezone

from audiences.models import Run
from audiences.services import deliveries
from invites import reconcile
from invites.models import AppInvite
from invites.services import reconnecting
from pinconnect.profiles import tokens
from pinconnect.profiles.models import AdAccount, Profile, ProfileState
from pinconnect.workspaces import mail
from pinconnect.workspaces.models import Membership, OutgoingEmail
from pinconnect.workspaces.roles import Role
from tests.factories_audiences import (
    add_snapshot,
    drive,
    drive_through,
    expected_members,
    make_dataset,
    make_draft,
    people,
)
from tests.invites.conftest import Link, MakeInvite, Partner, text
from tests.support.simulator import SimulatorInTest

ADDRESS = "paula@agency.example"


@pytest.fixture
def granted(partner: Partner, make_invite: MakeInvite) -> Link:
    """Paula has granted access as bob."""
    link = make_invite(partner_email=ADDRESS)
    partner.go(link)
    return link


@pytest.fixture
def expire(simulator: SimulatorInTest, django_capture_on_commit_callbacks):
    """expire(profile): Pinterest ends the grant, and the next renewal finds out."""

    def expire_(profile: Profile) -> Profile:
        simulator.control("tokens", {"user": "bob", "action": "revoke", "kind": "all"})
        with django_capture_on_commit_callbacks(execute=True), pytest.raises(tokens.ProfileUnusable, match="expired"):
            tokens.renew(profile.pk)
        profile.refresh_from_db()
        assert profile.state == ProfileState.EXPIRED
        return profile

    return expire_


def asked() -> AppInvite | None:
    return AppInvite.objects.filter(for_token_version__isnull=False).first()


def send_all() -> None:
    for row in OutgoingEmail.objects.filter(due_at__lte=timezone.now(), kind__startswith="invites."):
        mail.send(row.pk)


def mailed_link() -> str:
    body = next(message.body for message in django_mail.outbox if message.to == [ADDRESS])
    return "/connect/" + body.partition("http://testserver/connect/")[2][:43] + "/"


def test_the_partner_gets_an_invite_locked_to_the_profile(granted: Link, expire, acme) -> None:
    profile = expire(granted.now().result)

    invite = asked()
    assert invite is not None
    assert (invite.profile, invite.partner_email, invite.created_by) == (profile, ADDRESS, acme.mark)
    assert invite.reminders
    assert timedelta(days=13) < invite.expires_at - timezone.now()
    send_all()
    message = next(message for message in django_mail.outbox if message.to == [ADDRESS])
    assert "renew access for @bobs_garden" in message.subject
    assert "Pinterest no longer accepts the permission that you gave" in message.body


def test_nobody_is_asked_twice_for_one_expiry(granted: Link, expire) -> None:
    profile = expire(granted.now().result)
    send_all()

    assert not reconnecting.ask(profile.pk)
    assert reconcile.ask_for_expired() == 0
    send_all()

    assert AppInvite.objects.count() == 2
    assert [message.to for message in django_mail.outbox].count([ADDRESS]) == 1


def test_a_signal_that_was_lost_is_made_up_for(granted: Link) -> None:
    Profile.objects.update(state=ProfileState.EXPIRED, renewal_tried_at=timezone.now())

    assert reconcile.ask_for_expired() == 1
    assert reconcile.ask_for_expired() == 0


def test_old_expiries_are_left_alone(granted: Link) -> None:
    Profile.objects.update(state=ProfileState.EXPIRED, renewal_tried_at=timezone.now() - timedelta(days=8))

    assert reconcile.ask_for_expired() == 0


def test_the_next_expiry_asks_anew(granted: Link, expire, partner: Partner) -> None:
    profile = expire(granted.now().result)
    send_all()
    partner.web.get(mailed_link())
    partner.back(partner.decide(partner.state_of(partner.web.post(f"{mailed_link()}start/"))))
    profile.refresh_from_db()
    assert profile.state == ProfileState.CONNECTED

    expire(profile)

    assert AppInvite.objects.filter(for_token_version__isnull=False).count() == 2


def test_a_profile_that_works_asks_nobody(granted: Link) -> None:
    assert not reconnecting.ask(granted.now().result.pk)
    assert asked() is None


def test_a_renewal_that_may_be_tried_again_asks_nobody(granted: Link, simulator: SimulatorInTest) -> None:
    simulator.fault("server_error", times=9)

    with pytest.raises(tokens.ProfileUnusable, match="pinterest_down"):
        tokens.renew(granted.now().result.pk)

    assert asked() is None


def test_without_an_address_only_the_workspace_is_alerted(partner: Partner, make_invite: MakeInvite, expire) -> None:
    link = make_invite()
    partner.go(link)

    expire(link.now().result)

    assert asked() is None
    assert OutgoingEmail.objects.filter(kind="alerts.raised").exists()


def test_a_member_who_connected_it_gets_a_link_to_its_page(make_profile, expire, acme) -> None:
    profile = expire(make_profile("bob", connected_by=acme.mark))

    send_all()
    assert not reconnecting.ask(profile.pk)

    (message,) = django_mail.outbox
    assert message.to == [acme.mark.email]
    assert message.subject == "[PinConnect] Acme: please reconnect @bobs_garden"
    assert f"http://testserver{profile.get_absolute_url()}" in message.body
    for words in (message.body, message.alternatives[0][0]):
        assert "choose “Update token”" in words, "as the button is called"
    assert asked() is None


def test_a_member_who_may_no_longer_connect_is_not_told(make_profile, expire, acme) -> None:
    profile = make_profile("bob", connected_by=acme.mark)
    Membership.objects.filter(user=acme.mark).update(role=Role.VIEWER)

    expire(profile)
    send_all()

    assert django_mail.outbox == []


def test_a_member_who_connected_it_after_the_partner_is_asked_in_their_place(granted: Link, expire, acme) -> None:
    Profile.objects.update(connected_by=acme.mark)

    expire(granted.now().result)

    assert asked() is None
    assert OutgoingEmail.objects.filter(kind="invites.member_reconnect", user=acme.mark).count() == 1


def test_a_partner_whose_grant_was_replaced_since_is_not_bothered(granted: Link, expire) -> None:
    """The member who connected it later is gone."""
    Profile.objects.update(connected_at=timezone.now() + timedelta(hours=1))

    expire(granted.now().result)

    assert asked() is None


def test_nobody_is_asked_any_more_once_the_profile_works_again(
    granted: Link, expire, partner: Partner, make_invite: MakeInvite, django_capture_on_commit_callbacks
) -> None:
    profile = expire(granted.now().result)
    with django_capture_on_commit_callbacks(execute=True):
        partner.go(make_invite(profile=profile))

    invite = asked()
    assert invite is not None
    assert invite.state == "revoked"
    assert invite.events.get(kind="revoked").detail == "The profile works again"
    send_all()
    assert not [message for message in django_mail.outbox if message.to == [ADDRESS]]


def test_a_paused_delivery_wakes_and_sends_what_was_missed(
    granted: Link, expire, acme, partner: Partner, simulator: SimulatorInTest, django_capture_on_commit_callbacks
) -> None:
    profile = granted.now().result
    account = AdAccount.objects.get(pinterest_id="549700000101")
    account.is_chosen = True
    account.save()
    before, after = people(range(120)), people(range(20, 200))
    dataset = make_dataset(acme.workspace, before)
    delivery = make_draft(profile, account, dataset)
    drive(deliveries.publish(delivery, by=None))
    expire(profile)
    add_snapshot(dataset, after)
    delivery.refresh_from_db()
    assert (delivery.state, Run.objects.count()) == ("paused", 1)
    send_all()

    with django_capture_on_commit_callbacks(execute=True):
        said = text(partner.back(partner.decide(partner.state_of(partner.web.post(f"{mailed_link()}start/")))))

    assert "@bobs_garden is connected" in said
    delivery.refresh_from_db()
    assert delivery.state == "active"
    missed = drive_through(Run.objects.order_by("-pk").first())
    assert (Run.objects.count(), missed.state) == (2, "done")
    assert simulator.members(delivery.audience.customer_list_id) == expected_members(after)
