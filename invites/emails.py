"""E-mails of app invites: the link, and a reminder before it ends."""

from datetime import datetime, timedelta

from invites.links import partner_link
from invites.models import AppInvite
from invites.services.sending import new_email_code
from pinconnect.workspaces import mail
from pinconnect.workspaces.models import OutgoingEmail

INVITE = "invites.invite"
REMINDER = "invites.reminder"
REMIND_BEFORE = timedelta(days=2)


def queue_invite(invite: AppInvite) -> None:
    """Send the link by e-mail; each call sends a new one, and the reminder goes with the newest end."""
    count = OutgoingEmail.objects.filter(kind=INVITE, object_id=invite.pk).count()
    mail.drop(INVITE, invite.pk)
    mail.queue(INVITE, invite.pk, key=f"{INVITE}:{invite.pk}:{count + 1}")
    queue_reminder(invite)


def queue_reminder(invite: AppInvite) -> None:
    mail.drop(REMINDER, invite.pk)
    if invite.reminders:
        due_at: datetime = invite.expires_at - REMIND_BEFORE
        key = f"{REMINDER}:{invite.pk}:{invite.expires_at:%Y%m%d%H%M}"
        mail.queue(REMINDER, invite.pk, key=key, due_at=due_at)


def delivery_state(invite: AppInvite) -> OutgoingEmail | None:
    """The newest e-mail with the link: sent, waiting, or failed with its problem."""
    return OutgoingEmail.objects.filter(kind=INVITE, object_id=invite.pk).order_by("-pk").first()


def compose_invite(row: OutgoingEmail) -> mail.Message | None:
    return _message(row, "app_invite", "{workspace} asks you to connect Pinterest")


def compose_reminder(row: OutgoingEmail) -> mail.Message | None:
    return _message(row, "app_invite_reminder", "Reminder: {workspace} asks you to connect Pinterest")


def _message(row: OutgoingEmail, template: str, subject: str) -> mail.Message | None:
    invite = AppInvite.objects.select_related("workspace", "created_by").filter(pk=row.object_id).first()
    if invite is None or not invite.is_usable or invite.archived_at or not invite.partner_email:
        return None
    return mail.Message(
        to=invite.partner_email,
        subject=subject.format(workspace=invite.workspace.name),
        template=template,
        context={"invite": invite, "url": partner_link(new_email_code(invite))},
        time_zone=invite.workspace.time_zone,
    )


mail.register(INVITE, compose_invite)
mail.register(REMINDER, compose_reminder)
