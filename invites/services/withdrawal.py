"""A partner takes access back."""

from django.db import transaction
from django.utils import timezone

from invites.models import AppInvite
from invites.models.event import EventKind
from invites.services.sending import note
from pinconnect.alerts.services import raise_alert
from pinconnect.profiles import services as profiles
from pinconnect.workspaces import audit


@transaction.atomic
def withdraw(invite: AppInvite, *, origin: str) -> bool:
    """Delete our tokens, note it, tell the workspace. False when it was withdrawn before."""
    rows = AppInvite.objects.filter(pk=invite.pk, withdrawn_at=None)
    if not rows.update(withdrawn_at=timezone.now()) or invite.result is None:
        return False
    profiles.disconnect(invite.result, by=None)
    note(invite, EventKind.WITHDRAWN, origin=origin)
    audit.record("app_invite.withdrawn", invite, workspace=invite.workspace, by=None, profile=invite.result.username)
    raise_alert(
        invite.workspace,
        "invites.withdrawn",
        f"profile:{invite.result.pk}",
        partner=invite.partner_name,
        username=invite.result.username,
        profile=invite.result.pk,
    )
    return True
