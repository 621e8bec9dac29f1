"""Sending the link of an app invite by e-mail; each e-mail carries a code of its own."""

from django.db import transaction

from invites import emails
from invites.models import AppInvite
from invites.models.event import EventKind
from invites.services import codes
from invites.services.refusals import InviteRefusal
from invites.services.sending import require_usable
from invites.services.timeline import note_member
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User


@transaction.atomic
def send(invite: AppInvite, *, by: User | None, to: str = "") -> None:
    """E-mail a fresh link, to another address if one is given; links that were e-mailed before stop working at once."""
    require_usable(invite)
    address = to or invite.partner_email
    if not address:
        raise InviteRefusal("This invite has no e-mail address. Enter one, or copy a new link and send it yourself.")
    if address != invite.partner_email:
        AppInvite.objects.filter(pk=invite.pk).update(partner_email=address)
        invite.partner_email = address
    codes.stop_emailed(invite)
    emails.queue_invite(invite)
    note_member(invite, EventKind.EMAILED, by, detail=f"To {address}")
    audit.record("app_invite.emailed", invite, workspace=invite.workspace, by=by)
