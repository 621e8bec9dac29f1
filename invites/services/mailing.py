"""Sending the link of an app invite by e-mail, which makes a code of its own each time."""

from django.db import transaction

from invites import emails
from invites.models import AppInvite
from invites.models.event import EventKind
from invites.services.sending import InviteRefusal, note, require_open
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User


@transaction.atomic
def send(invite: AppInvite, *, by: User | None) -> None:
    """E-mail a fresh link; a link that was e-mailed before stops working."""
    require_open(invite)
    if not invite.partner_email:
        raise InviteRefusal("This invite has no e-mail address. Copy a new link and send it yourself.")
    emails.queue_invite(invite)
    note(invite, EventKind.EMAILED, detail=invite.partner_email)
    audit.record("app_invite.emailed", invite, workspace=invite.workspace, by=by)
