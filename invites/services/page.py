"""The partner's own page: its link, and replacing one that was lost."""

from django.db import transaction

from invites.models import AppInvite
from invites.models.event import EventKind
from invites.services.timeline import note
from invites.states import InviteState
from pinconnect.lib import tokens
from pinconnect.profiles.models import Profile


def find(code: str) -> AppInvite | None:
    """The invite whose partner's page has this code."""
    wanted = tokens.hash_token(code)
    found = AppInvite.objects.select_related("workspace", "result", "created_by").exclude(partner_page_hash="")
    invite = found.filter(partner_page_hash=wanted, state=InviteState.ACTIVE).first()
    known = invite.partner_page_hash if invite else tokens.hash_token("")
    return invite if tokens.same(known, wanted) else None


@transaction.atomic
def new_code(invite: AppInvite, *, origin: str) -> str:
    """A fresh code in clear; an earlier link to the page stops working."""
    code = tokens.new_token()
    AppInvite.objects.filter(pk=invite.pk, state=InviteState.ACTIVE).update(partner_page_hash=tokens.hash_token(code))
    note(invite, EventKind.PAGE_MADE, origin=origin)
    return code


def of_person(pinterest_id: str) -> list[AppInvite]:
    """For each profile of this Pinterest user, the invite that brought it last; none without an id."""
    profiles = Profile.objects.of_person(pinterest_id)
    found = AppInvite.objects.filter(state=InviteState.ACTIVE, result__in=profiles).select_related(
        "workspace", "result", "created_by"
    )
    newest: dict[int, AppInvite] = {}
    for invite in found.order_by("activated_at", "pk"):
        newest[invite.result_id] = invite
    return sorted(newest.values(), key=lambda invite: invite.workspace.name.casefold())
