"""The page of a profile names the app invite through which a partner connected it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from invites.models import AppInvite
from invites.states import InviteState
from pinconnect.profiles.models import Profile
from tests.factories import make_user, make_workspace

pytestmark = pytest.mark.django_db


def page_of(profile: Profile, user: Any) -> str:
    client = Client()
    client.force_login(user)
    return client.get(profile.get_absolute_url()).content.decode()


def test_the_invite_that_brought_the_present_grant_is_named() -> None:
    alice, now = make_user("Alice"), timezone.now()
    workspace = make_workspace("Acme", owner=alice)
    profile = Profile.objects.create(workspace=workspace, username="petras_shop", connected_at=now)
    values = {"workspace": workspace, "result": profile, "state": InviteState.ACTIVE, "expires_at": now}
    invite = AppInvite.objects.create(partner_name="Petra", activated_at=now, **values)
    AppInvite.objects.create(partner_name="Paul", activated_at=now - timedelta(days=90), **values)

    assert f'<a href="/w/acme/app-invites/{invite.pk}/">the app invite for Petra</a>' in page_of(profile, alice)

    Profile.objects.update(connected_by=alice)
    profile.refresh_from_db()
    assert "the app invite for" not in page_of(profile, alice)
