"""The codes of an invite's links: made, stopped and looked up. Only their hashes are kept."""

from django.utils import timezone

from invites.models import AppInvite, InviteCode
from invites.states import InviteState
from pinconnect.lib import tokens


def new_code(invite: AppInvite, *, by_email: bool = False) -> str:
    """A code in clear, for the one page or e-mail that shows it."""
    code = tokens.new_token()
    InviteCode.objects.create(invite=invite, code_hash=tokens.hash_token(code), by_email=by_email)
    return code


def stop_all(invite: AppInvite) -> int:
    return invite.codes.filter(revoked_at=None).update(revoked_at=timezone.now())


def stop_emailed(invite: AppInvite) -> int:
    """For example because the address was wrong."""
    return invite.codes.filter(by_email=True, revoked_at=None).update(revoked_at=timezone.now())


def find(code: str) -> InviteCode | None:
    """The link with this code, its invite included; None for those that are no more, so that a stranger learns nothing.

    Unknown, replaced and revoked ones are alike: one query in every case, and only hashes are compared byte by byte.
    """
    wanted = tokens.hash_token(code)
    found = InviteCode.objects.select_related(
        "invite__workspace", "invite__profile", "invite__created_by", "invite__result"
    )
    row = found.filter(code_hash=wanted).first()
    known = row.code_hash if row else tokens.hash_token("")
    if not tokens.same(known, wanted) or row is None or row.revoked_at is not None:
        return None
    is_over = row.invite.state == InviteState.REVOKED or row.invite.archived_at is not None
    return None if is_over else row
