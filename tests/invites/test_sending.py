"""Extending and replacing the link of an invite: nothing is lost by it, and the pages say what happens."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from invites.models import AppInvite
from tests.invites.conftest import Link, MakeInvite, text

OFFER = "Extend to 7 days from now"


@pytest.fixture
def mark(client: Client, acme) -> Client:
    client.force_login(acme.mark)
    return client


def page_of(link: Link) -> str:
    return f"/w/acme/app-invites/{link.invite.pk}/"


def test_a_longer_life_is_never_cut_short(mark: Client, make_invite: MakeInvite) -> None:
    link = make_invite(lifetime=timedelta(days=30), reminders=True, partner_email="p@example.org")
    before = link.now().expires_at

    said = text(mark.post(f"{page_of(link)}extend/", follow=True))

    assert "The link works for longer than that already. Nothing was changed." in said
    assert link.now().expires_at == before
    assert link.kinds() == ["created"]


def test_extending_is_offered_only_where_it_lengthens(mark: Client, make_invite: MakeInvite) -> None:
    long, short = make_invite(lifetime=timedelta(days=14)), make_invite(lifetime=timedelta(days=3))
    over = make_invite(lifetime=timedelta(days=-1))

    assert OFFER not in text(mark.get(page_of(long)))
    assert "Revoke…" in text(mark.get(page_of(long))), "it is open all the same"
    assert OFFER in text(mark.get(page_of(short)))
    assert OFFER in text(mark.get(page_of(over)))


def test_extending_gives_seven_days(mark: Client, make_invite: MakeInvite) -> None:
    link = make_invite(lifetime=timedelta(days=3))

    assert "The link works for seven days from now" in text(mark.post(f"{page_of(link)}extend/", follow=True))
    assert timedelta(days=6, hours=23) < link.now().expires_at - timezone.now() <= timedelta(days=7)


def test_an_archived_invite_is_not_extended(mark: Client, make_invite: MakeInvite) -> None:
    link = make_invite(lifetime=timedelta(days=3))
    AppInvite.objects.update(archived_at=timezone.now())

    assert OFFER not in text(mark.get(page_of(link)))
    assert "Create a new one" in text(mark.post(f"{page_of(link)}extend/", follow=True))


def test_only_a_link_that_is_mailed_is_said_to_be(mark: Client, make_invite: MakeInvite) -> None:
    link = make_invite(partner_email="p@example.org")
    form = {"purpose": "new", "partner_name": "Paula", "partner_email": "p@example.org", "days": "7"}

    made, replaced = mark.post("/w/acme/app-invites/new/", form), mark.post(f"{page_of(link)}replace-link/")

    assert "gets a link of their own by e-mail" in text(made)
    assert "gets a link of their own by e-mail" not in text(replaced)
    assert "in a way that only they read" in text(replaced)
