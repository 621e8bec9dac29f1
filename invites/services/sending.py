"""What a marketer does with an app invite: create, replace its link, extend, revoke, archive."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from invites.models import AppInvite, InviteCode, InviteEvent, Purpose
from invites.models.event import EventKind
from invites.models.invite import LIFETIME
from invites.states import INVITE_MOVES, INVITE_OPEN, InviteState
from pinconnect.lib import states, tokens
from pinconnect.profiles.models import Profile
from pinconnect.workspaces import audit
from pinconnect.workspaces.models import User, Workspace


class InviteRefusal(Exception):  # noqa: N818 - it is an answer, not a failure
    """Not possible now; sentence says why, for the page."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True)
class InviteWishes:
    """What a marketer enters. profile: the one to reconnect, or None for a new one."""

    partner_name: str
    partner_email: str = ""
    message: str = ""
    expected_username: str = ""
    ad_account_request: str = ""
    profile: Profile | None = None
    lifetime: timedelta = LIFETIME
    reminders: bool = False


@transaction.atomic
def create(workspace: Workspace, wishes: InviteWishes, *, by: User | None) -> tuple[AppInvite, str]:
    """Make an invite and the clear code of its link, which is shown once and never stored."""
    profile = wishes.profile
    if profile is not None and profile.workspace_id != workspace.pk:
        raise InviteRefusal("This profile belongs to another workspace.")
    invite = AppInvite.objects.create(
        workspace=workspace,
        purpose=Purpose.RECONNECT if profile else Purpose.NEW,
        profile=profile,
        partner_name=wishes.partner_name,
        partner_email=wishes.partner_email,
        message=wishes.message,
        expected_username=profile.username if profile else wishes.expected_username.lstrip("@"),
        ad_account_request=wishes.ad_account_request,
        reminders=wishes.reminders and bool(wishes.partner_email),
        created_by=by,
        expires_at=timezone.now() + wishes.lifetime,
    )
    note(invite, EventKind.CREATED, detail=by.email if by else "")
    audit.record("app_invite.created", invite, workspace=workspace, by=by, purpose=invite.purpose)
    code = _new_code(invite)
    return invite, code


@transaction.atomic
def replace_link(invite: AppInvite, *, by: User) -> str:
    """A new code to show once; every earlier link of this invite stops working, the e-mailed one too."""
    require_open(invite)
    invite.codes.filter(revoked_at=None).update(revoked_at=timezone.now())
    note(invite, EventKind.REPLACED, detail=by.email)
    audit.record("app_invite.link_replaced", invite, workspace=invite.workspace, by=by)
    return _new_code(invite)


@transaction.atomic
def extend(invite: AppInvite, *, by: User, lifetime: timedelta = LIFETIME) -> None:
    """Let it run from now on for the given time; an expired invite comes back to life with the same link."""
    if invite.state not in INVITE_OPEN:
        raise InviteRefusal("Only an invite that is still open can be extended. Create a new one.")
    expires_at = timezone.now() + lifetime
    AppInvite.objects.filter(pk=invite.pk, state__in=INVITE_OPEN).update(expires_at=expires_at)
    note(invite, EventKind.EXTENDED, detail=f"until {expires_at:%Y-%m-%d}")
    audit.record("app_invite.extended", invite, workspace=invite.workspace, by=by)


@transaction.atomic
def revoke(invite: AppInvite, *, by: User | None) -> bool:
    """Stop the link for good; False when it was used or revoked before."""
    for state in INVITE_OPEN:
        if states.move(AppInvite.objects.filter(pk=invite.pk), frm=state, to=InviteState.REVOKED, table=INVITE_MOVES):
            note(invite, EventKind.REVOKED, detail=by.email if by else "")
            audit.record("app_invite.revoked", invite, workspace=invite.workspace, by=by)
            return True
    return False


@transaction.atomic
def archive(invite: AppInvite, *, by: User) -> None:
    """Out of the list; an open invite is revoked first, so that no forgotten link stays alive."""
    revoke(invite, by=by)
    if AppInvite.objects.filter(pk=invite.pk, archived_at=None).update(archived_at=timezone.now()):
        note(invite, EventKind.ARCHIVED, detail=by.email)
        audit.record("app_invite.archived", invite, workspace=invite.workspace, by=by)


def note(invite: AppInvite, kind: EventKind, *, origin: str = "", detail: str = "") -> None:
    """Add a line to the timeline."""
    InviteEvent.objects.create(invite=invite, kind=kind, origin=origin[:80], detail=detail[:200])


def _new_code(invite: AppInvite, *, by_email: bool = False) -> str:
    code = tokens.new_token()
    InviteCode.objects.create(invite=invite, code_hash=tokens.hash_token(code), by_email=by_email)
    return code


@transaction.atomic
def new_email_code(invite: AppInvite) -> str:
    """The code for one e-mail; made where the e-mail is written, so that it is never stored or queued in clear."""
    invite.codes.filter(by_email=True, revoked_at=None).update(revoked_at=timezone.now())
    return _new_code(invite, by_email=True)


def require_open(invite: AppInvite) -> None:
    """Raises InviteRefusal when its link cannot be sent any more."""
    if invite.state not in INVITE_OPEN:
        raise InviteRefusal("This invite was used or revoked. Create a new one.")
    if invite.is_expired:
        raise InviteRefusal("This invite has expired. Extend it first, then send the link.")
