"""The life of a member's invitation: invited, sent again, revoked, accepted."""

from datetime import timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from pinconnect.lib.tokens import hash_token, new_token
from pinconnect.workspaces import audit, mail, refusals
from pinconnect.workspaces.models import MemberInvitation, Membership, OutgoingEmail, User, Workspace
from pinconnect.workspaces.refusals import Refused
from pinconnect.workspaces.roles import Role

EMAIL_KIND = "workspaces.invitation"
LIFETIME = timedelta(days=7)
SEND_AGAIN_AFTER = timedelta(minutes=1)
MOST_OPEN = 100


@transaction.atomic
def invite_member(workspace: Workspace, *, email: str, role: Role, by: User) -> MemberInvitation:
    """Invite an address; the e-mail with the link follows. An expired invitation of the same address is renewed.

    Raises Refused if the address is a member's or is invited already.
    """
    email = email.strip().lower()
    if Membership.objects.filter(workspace=workspace, user__in=_users_of(email)).exists():
        raise Refused(refusals.ALREADY_MEMBER)
    open_ones = MemberInvitation.objects.for_workspace(workspace).open()
    earlier = open_ones.filter(email__iexact=email).first()
    if earlier and earlier.is_pending:
        raise Refused(refusals.ALREADY_INVITED)
    if not earlier and open_ones.count() >= MOST_OPEN:
        raise Refused(refusals.TOO_MANY_INVITATIONS)
    invitation = earlier or MemberInvitation(workspace=workspace, email=email)
    invitation.role, invitation.invited_by = role, by
    try:
        with transaction.atomic():
            _renew(invitation)
    except IntegrityError as error:
        raise Refused(refusals.ALREADY_INVITED) from error
    audit.record("member.invited", invitation, workspace=workspace, by=by, role=role)
    return invitation


@transaction.atomic
def send_again(invitation: MemberInvitation, *, by: User) -> None:
    """A new link for another seven days; the earlier link stops working at once."""
    stored = _locked(invitation)
    if stored.accepted_at or stored.revoked_at:
        raise Refused(refusals.NOT_OPEN)
    if stored.asked_at > timezone.now() - SEND_AGAIN_AFTER:
        raise Refused(refusals.TOO_SOON)
    _renew(stored)
    audit.record("member.invitation_sent_again", stored, workspace=stored.workspace, by=by)


@transaction.atomic
def revoke(invitation: MemberInvitation, *, by: User) -> None:
    """The link stops working at once, and answers as if it had never been."""
    is_mine = MemberInvitation.objects.open().filter(pk=invitation.pk).update(revoked_at=timezone.now()) == 1
    if not is_mine:
        raise Refused(refusals.NOT_OPEN)
    mail.drop(EMAIL_KIND, invitation.pk)
    audit.record("member.invitation_revoked", invitation, workspace=invitation.workspace, by=by)


@transaction.atomic
def accept_invitation(invitation: MemberInvitation, *, by: User) -> Membership:
    """Become a member with the invited role. Who is a member already keeps the role that is there.

    Raises Refused unless the invitation is pending and its address is one that `by` has verified.
    """
    stored = _locked(invitation)
    if stored.is_expired:
        raise Refused(refusals.EXPIRED)
    if not stored.is_pending or stored.token_hash != invitation.token_hash:
        raise Refused(refusals.NOT_OPEN)
    if not is_for(stored, by):
        raise Refused(refusals.OTHER_ADDRESS)
    stored.accepted_at, stored.accepted_by = timezone.now(), by
    stored.save(update_fields=["accepted_at", "accepted_by"])
    membership, is_new = Membership.objects.get_or_create(
        workspace=stored.workspace, user=by, defaults={"role": stored.role}
    )
    if is_new:
        audit.record("member.joined", by, workspace=stored.workspace, by=by, role=stored.role)
    return membership


def is_for(invitation: MemberInvitation, user: User) -> bool:
    """Whether the invited address is one that this user has verified."""
    return EmailAddress.objects.filter(user=user, verified=True, email__iexact=invitation.email).exists()


def find(token: str) -> MemberInvitation | None:
    """The invitation behind a link; a revoked one is not found, as if it had never been."""
    found = MemberInvitation.objects.select_related("workspace", "invited_by").filter(token_hash=hash_token(token))
    return found.filter(revoked_at__isnull=True).first()


def compose(row: OutgoingEmail) -> mail.Message | None:
    """Make the link's token, keep its hash and write the e-mail; an earlier link stops working here at the latest."""
    invitation = MemberInvitation.objects.pending().filter(pk=row.object_id).select_related("workspace", "invited_by")
    token = new_token()
    if not invitation.update(token_hash=hash_token(token)):
        return None
    invited = invitation.get()
    inviter = str(invited.invited_by) if invited.invited_by else settings.SITE_NAME
    return mail.Message(
        to=invited.email,
        subject=f"{inviter} invites you to {invited.workspace.name}",
        template="invitation",
        context={
            "invitation": invited,
            "inviter": inviter,
            "url": settings.BASE_URL + reverse("workspaces:join", kwargs={"token": token}),
        },
        time_zone=invited.workspace.time_zone,
    )


def _renew(invitation: MemberInvitation) -> None:
    """Seven more days and no link that works, until the e-mail that is queued here makes a new one."""
    now = timezone.now()
    invitation.token_hash = hash_token(new_token())
    invitation.asked_at, invitation.expires_at = now, now + LIFETIME
    invitation.save()
    mail.drop(EMAIL_KIND, invitation.pk)
    mail.queue(EMAIL_KIND, invitation.pk, key=f"{EMAIL_KIND}:{invitation.pk}:{invitation.token_hash[:16]}")


def _locked(invitation: MemberInvitation) -> MemberInvitation:
    return MemberInvitation.objects.select_for_update().select_related("workspace").get(pk=invitation.pk)


def _users_of(email: str) -> list[int]:
    verified = EmailAddress.objects.filter(email__iexact=email, verified=True)
    return list(verified.values_list("user_id", flat=True))
