"""A partner takes access back."""

from django.db import transaction
from django.utils import timezone

from invites.models import AppInvite
from invites.models.event import EventKind
from invites.services.timeline import note
from pinconnect.alerts.services import raise_alert
from pinconnect.profiles import services as profiles
from pinconnect.workspaces import audit

WITHDRAWN = "invites.withdrawn"


@transaction.atomic
def withdraw(invite: AppInvite, *, origin: str) -> bool:
    """Delete our tokens, which pauses deliveries, and tell the workspace. False when there is nothing to take back."""
    profile = invite.result
    if profile is None or not profiles.disconnect(profile, by=None):
        return False
    AppInvite.objects.filter(pk=invite.pk).update(withdrawn_at=timezone.now())
    note(invite, EventKind.WITHDRAWN, origin=origin, detail=f"@{profile.username}")
    audit.record("app_invite.withdrawn", invite, workspace=invite.workspace, by=None, profile=profile.username)
    raise_alert(
        invite.workspace,
        WITHDRAWN,
        f"profile:{profile.pk}",
        partner=invite.partner_name,
        username=profile.username,
        profile=profile.pk,
    )
    return True
