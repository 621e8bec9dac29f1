"""E-mails of app invites: the link, a reminder, and what members are told."""

from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from invites.links import partner_link
from invites.models import AppInvite
from invites.services.codes import new_code
from pinconnect.profiles.models import Profile, ProfileState
from pinconnect.workspaces import mail
from pinconnect.workspaces.logos import inline_logo
from pinconnect.workspaces.models import Membership, OutgoingEmail, User
from pinconnect.workspaces.roles import Verb, allows

INVITE = "invites.invite"
REMINDER = "invites.reminder"
GRANTED = "invites.granted"
MEMBER_RECONNECT = "invites.member_reconnect"
REMIND_BEFORE = timedelta(days=2)


def queue_invite(invite: AppInvite) -> None:
    """Send the link by e-mail; each call sends a new one, and the reminder goes with the newest end."""
    count = OutgoingEmail.objects.filter(kind=INVITE, object_id=invite.pk).count()
    mail.drop(INVITE, invite.pk)
    mail.queue(INVITE, invite.pk, key=f"{INVITE}:{invite.pk}:{count + 1}")
    queue_reminder(invite)


def reminder_due_at(invite: AppInvite) -> datetime | None:
    """None when no reminder is wanted, and when it would be late: it would then follow the link at once."""
    due_at: datetime = invite.expires_at - REMIND_BEFORE
    return due_at if invite.reminders and due_at > timezone.now() else None


def queue_reminder(invite: AppInvite) -> None:
    """Anew, for the present end of the link."""
    mail.drop(REMINDER, invite.pk)
    due_at = reminder_due_at(invite)
    if due_at is not None:
        count = OutgoingEmail.objects.filter(kind=REMINDER, object_id=invite.pk).count()
        mail.queue(REMINDER, invite.pk, key=f"{REMINDER}:{invite.pk}:{count + 1}", due_at=due_at)


def queue_granted(invite: AppInvite) -> None:
    """Tell whoever made the invite that it was answered."""
    if invite.created_by is not None:
        mail.queue(GRANTED, invite.pk, key=f"{GRANTED}:{invite.pk}", user=invite.created_by)


def queue_member_reconnect(profile: Profile, member: User) -> bool:
    """Tell the member who connected a profile that it expired; False if that was done for this expiry."""
    key = f"{MEMBER_RECONNECT}:{profile.pk}:{profile.token_version}"
    if OutgoingEmail.objects.filter(key=key).exists():
        return False
    mail.queue(MEMBER_RECONNECT, profile.pk, key=key, user=member)
    return True


def drop(invite: AppInvite) -> None:
    """Call off what has not been sent to the partner."""
    for kind in (INVITE, REMINDER):
        mail.drop(kind, invite.pk)


def newest(invite: AppInvite, kind: str = INVITE) -> OutgoingEmail | None:
    """The newest e-mail with the link, or reminder: sent, waiting, or failed with its problem."""
    return OutgoingEmail.objects.filter(kind=kind, object_id=invite.pk).order_by("-pk").first()


def of_invite(invite: AppInvite) -> list[OutgoingEmail]:
    """Everything that was to go to the partner, newest first."""
    return list(OutgoingEmail.objects.filter(kind__in=(INVITE, REMINDER), object_id=invite.pk).order_by("-pk"))


def in_trouble(invites: list[AppInvite]) -> set[int]:
    """Of these invites, the numbers of those whose newest e-mail has not arrived because something failed."""
    rows = OutgoingEmail.objects.filter(kind=INVITE, object_id__in=[invite.pk for invite in invites]).order_by("pk")
    last = {row.object_id: row for row in rows}
    return {pk for pk, row in last.items() if row.sent_at is None and (row.is_given_up or (row.due_at and row.problem))}


def compose_invite(row: OutgoingEmail) -> mail.Message | None:
    return _to_partner(row, "app_invite", "")


def compose_reminder(row: OutgoingEmail) -> mail.Message | None:
    return _to_partner(row, "app_invite_reminder", "Reminder: ")


def _to_partner(row: OutgoingEmail, template: str, before: str) -> mail.Message | None:
    found = AppInvite.objects.select_related("workspace", "created_by", "profile")
    invite = found.filter(pk=row.object_id).first()
    if invite is None or not invite.is_usable or invite.archived_at or not invite.partner_email:
        return None
    what = f"renew access for @{invite.expected_username}" if invite.profile else "connect your Pinterest profile"
    asking, logo = invite.created_by, inline_logo(invite.workspace)
    return mail.Message(
        to=invite.partner_email,
        subject=f"{before}{invite.workspace.name} asks you to {what}",
        template=template,
        # The code is made here and stands nowhere else, so that no link waits in the queue.
        context={"invite": invite, "url": partner_link(new_code(invite, by_email=True)), "logo": logo},
        time_zone=invite.workspace.time_zone,
        reply_to=asking.email if asking is not None and asking.is_active else "",
        pictures=(logo,) if logo else (),
    )


def compose_granted(row: OutgoingEmail) -> mail.Message | None:
    invite = AppInvite.objects.select_related("workspace", "result").filter(pk=row.object_id).first()
    if invite is None or invite.result is None or not _may_operate(row.user, invite.workspace_id):
        return None
    page = reverse("profiles:detail", args=[invite.workspace.slug, invite.result.pk])
    return mail.Message(
        to=row.user.email if row.user else "",
        subject=f"{invite.workspace.name}: {invite.partner_name} granted access to @{invite.result.username}",
        template="app_invite_granted",
        context={"invite": invite, "url": settings.BASE_URL + page},
        time_zone=invite.workspace.time_zone,
    )


def compose_member_reconnect(row: OutgoingEmail) -> mail.Message | None:
    profile = Profile.objects.select_related("workspace").filter(pk=row.object_id, state=ProfileState.EXPIRED).first()
    if profile is None or not _may_operate(row.user, profile.workspace_id):
        return None
    return mail.Message(
        to=row.user.email if row.user else "",
        subject=f"{profile.workspace.name}: please reconnect @{profile.username}",
        template="app_invite_member_reconnect",
        context={"profile": profile, "url": settings.BASE_URL + profile.get_absolute_url()},
        time_zone=profile.workspace.time_zone,
    )


def _may_operate(user: User | None, workspace_id: int) -> bool:
    """Whoever has left, or only reads now, is not told."""
    if user is None or not user.is_active:
        return False
    member = Membership.objects.filter(workspace=workspace_id, user=user).first()
    return member is not None and allows(member.role, Verb.OPERATE)


mail.register(INVITE, compose_invite)
mail.register(REMINDER, compose_reminder)
mail.register(GRANTED, compose_granted)
mail.register(MEMBER_RECONNECT, compose_member_reconnect)
