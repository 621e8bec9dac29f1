"""Letting go of a profile."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F

from pinconnect.alerts.services import resolve_alert
from pinconnect.profiles import messages
from pinconnect.profiles.models import Profile, ProfileState
from pinconnect.profiles.signals import profile_disconnected
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User


@transaction.atomic
def disconnect(profile: Profile, *, by: User | None) -> bool:
    """Delete our copies of the tokens and what the profile could reach; False if that was done before.

    Pinterest keeps the grant, because its API lets no ordinary app take one back; the user removes it there.
    """
    changed = (
        Profile.objects.filter(pk=profile.pk)
        .exclude(state=ProfileState.DISCONNECTED)
        .update(
            state=ProfileState.DISCONNECTED,
            access_token="",
            refresh_token="",
            expires_at=None,
            refresh_expires_at=None,
            renewal_problem="",
            answer_lost_at=None,
            lease_token="",
            lease_until=None,
            # A renewal under way must not bring the tokens back.
            token_version=F("token_version") + 1,
        )
    )
    profile.refresh_from_db()
    if not changed:
        return False
    profile.accesses.all().delete()
    audit.record("profile.disconnected", profile, workspace=profile.workspace, by=by)
    for kind in messages.ABOUT_TOKENS:
        resolve_alert(profile.workspace, kind.id, messages.subject(profile))
    transaction.on_commit(lambda: profile_disconnected.send(Profile, profile=profile), robust=True)
    return True
