"""What a marketer does with an app invite: create, replace its link, extend, revoke, archive."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from invites import emails
from invites.models import AppInvite, Purpose
from invites.models.event import EventKind
from invites.models.invite import LIFETIME
from invites.services import codes
from invites.services.refusals import InviteRefusal
from invites.services.timeline import note_member
from invites.states import INVITE_MOVES, INVITE_OPEN, InviteState
from pinconnect.lib import states
from pinconnect.profiles.models import Profile
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User, Workspace


@dataclass(frozen=True)
class InviteWishes:
    """What a marketer enters. profile: the one to reconnect, or None for a new one.

    form_key: random and the same for each time that one form is sent, so that only the first time counts.
    """

    partner_name: str
    partner_email: str = ""
    message: str = ""
    expected_username: str = ""
    ad_account_request: str = ""
    profile: Profile | None = None
    lifetime: timedelta = LIFETIME
    reminders: bool = False
    form_key: str = ""
    for_token_version: int | None = None


@dataclass(frozen=True)
class Created:
    """code: the link's, in clear, to show once; empty when this form had made the invite before."""

    invite: AppInvite
    code: str


def create(workspace: Workspace, wishes: InviteWishes, *, by: User | None) -> Created:
    """Make an invite, once per form. Raises InviteRefusal, and IntegrityError for an expiry answered before."""
    if wishes.profile is not None and wishes.profile.workspace_id != workspace.pk:
        raise InviteRefusal("This profile belongs to another workspace.")
    try:
        return _create(workspace, wishes, by)
    except IntegrityError:
        made = AppInvite.objects.for_workspace(workspace).exclude(form_key="").filter(form_key=wishes.form_key).first()
        if made is None:
            raise
        return Created(made, "")


@transaction.atomic
def _create(workspace: Workspace, wishes: InviteWishes, by: User | None) -> Created:
    profile = wishes.profile
    invite = AppInvite.objects.create(
        workspace=workspace,
        purpose=Purpose.RECONNECT if profile else Purpose.NEW,
        profile=profile,
        partner_name=wishes.partner_name,
        partner_email=wishes.partner_email,
        message=wishes.message,
        expected_username=profile.username if profile else wishes.expected_username.strip().removeprefix("@"),
        ad_account_request=wishes.ad_account_request,
        reminders=wishes.reminders and bool(wishes.partner_email),
        created_by=by,
        expires_at=timezone.now() + wishes.lifetime,
        form_key=wishes.form_key,
        for_token_version=wishes.for_token_version,
    )
    note_member(invite, EventKind.CREATED, by)
    audit.record("app_invite.created", invite, workspace=workspace, by=by, purpose=invite.purpose)
    return Created(invite, codes.new_code(invite))


@transaction.atomic
def replace_link(invite: AppInvite, *, by: User) -> str:
    """A new code to show once; every earlier link of this invite stops working, the e-mailed one too.

    A reminder that is still to come stays wanted: it brings the partner a link that works.
    """
    require_usable(invite)
    codes.stop_all(invite)
    # One that waits to be sent would make yet another link, which nobody has asked for.
    emails.drop(invite)
    emails.queue_reminder(invite)
    note_member(invite, EventKind.REPLACED, by)
    audit.record("app_invite.link_replaced", invite, workspace=invite.workspace, by=by)
    return codes.new_code(invite)


@transaction.atomic
def extend(invite: AppInvite, *, by: User, lifetime: timedelta = LIFETIME) -> None:
    """Let it run from now on for the given time; an expired invite comes back to life with the same link.

    Raises InviteRefusal when it would not run longer than it does anyway.
    """
    expires_at = timezone.now() + lifetime
    open_ones = AppInvite.objects.filter(pk=invite.pk, state__in=INVITE_OPEN, archived_at=None)
    if not open_ones.filter(expires_at__lt=expires_at).update(expires_at=expires_at):
        if open_ones.exists():
            raise InviteRefusal("The link works for longer than that already. Nothing was changed.")
        raise InviteRefusal("Only an invite that is still open can be extended. Create a new one.")
    invite.refresh_from_db()
    emails.queue_reminder(invite)
    note_member(invite, EventKind.EXTENDED, by, detail=f"Works until {expires_at:%-d %b %Y, %H:%M} UTC")
    audit.record("app_invite.extended", invite, workspace=invite.workspace, by=by)


@transaction.atomic
def revoke(invite: AppInvite, *, by: User | None, reason: str = "") -> bool:
    """Stop the link for good, also for a partner who is at Pinterest now; False when it was used or revoked before."""
    for state in INVITE_OPEN:
        if states.move(AppInvite.objects.filter(pk=invite.pk), frm=state, to=InviteState.REVOKED, table=INVITE_MOVES):
            emails.drop(invite)
            note_member(invite, EventKind.REVOKED, by, detail=reason)
            audit.record("app_invite.revoked", invite, workspace=invite.workspace, by=by)
            return True
    return False


@transaction.atomic
def archive(invite: AppInvite, *, by: User) -> None:
    """Out of the list; an open invite is revoked first, so that no forgotten link stays alive."""
    revoke(invite, by=by)
    if AppInvite.objects.filter(pk=invite.pk, archived_at=None).update(archived_at=timezone.now()):
        note_member(invite, EventKind.ARCHIVED, by)
        audit.record("app_invite.archived", invite, workspace=invite.workspace, by=by)


def require_usable(invite: AppInvite) -> None:
    """Raises InviteRefusal when its link cannot be sent any more."""
    if invite.state not in INVITE_OPEN or invite.archived_at is not None:
        raise InviteRefusal("This invite was used or revoked. Create a new one.")
    if invite.is_expired:
        raise InviteRefusal("This invite has expired. Extend it first, then send the link.")
