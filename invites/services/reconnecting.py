"""When Pinterest refuses a profile for good, whoever granted access is asked to grant it again, once per expiry."""

from datetime import timedelta

from django.db import IntegrityError, transaction

from invites import emails
from invites.models import AppInvite
from invites.models.event import EventKind
from invites.services import mailing, sending
from invites.services.sending import InviteWishes
from invites.services.timeline import note
from invites.services.withdrawal import WITHDRAWN
from invites.states import INVITE_OPEN, InviteState
from pinconnect.alerts.services import resolve_alert
from pinconnect.profiles.models import Profile, ProfileState

LIFETIME = timedelta(days=14)
# Grant and redemption are one transaction; their two readings of the clock may still differ.
SAME_MOMENT = timedelta(minutes=1)


@transaction.atomic
def ask(profile_id: int) -> bool:
    """Send the partner an invite locked to the profile, or the member a link to its page.

    Safe to call any number of times. False when nobody was asked now: it was done before, or nobody can be reached.
    """
    profile = (
        Profile.objects.select_for_update(of=("self",))
        .select_related("workspace", "connected_by")
        .filter(pk=profile_id, state=ProfileState.EXPIRED)
        .first()
    )
    if profile is None:
        return False
    if profile.connected_by is not None:
        return emails.queue_member_reconnect(profile, profile.connected_by)
    source = brought_by(profile)
    if source is None or not source.partner_email:
        return False
    return _ask_partner(profile, source)


def brought_by(profile: Profile) -> AppInvite | None:
    """The invite through which the present grant came; None when a member connected the profile."""
    found = AppInvite.objects.filter(result=profile, state=InviteState.ACTIVE)
    return found.filter(activated_at__gte=profile.connected_at - SAME_MOMENT).order_by("-activated_at").first()


def _ask_partner(profile: Profile, source: AppInvite) -> bool:
    answering = AppInvite.objects.filter(profile=profile, for_token_version=profile.token_version)
    if answering.exists():
        return False
    wishes = InviteWishes(
        partner_name=source.partner_name,
        partner_email=source.partner_email,
        profile=profile,
        lifetime=LIFETIME,
        reminders=True,
        for_token_version=profile.token_version,
    )
    try:
        with transaction.atomic():
            invite = sending.create(profile.workspace, wishes, by=None).invite
    except IntegrityError:
        # Another process came first.
        return False
    # Whom to ask is still whoever invited the partner.
    AppInvite.objects.filter(pk=invite.pk).update(created_by=source.created_by)
    note(invite, EventKind.ASKED, origin="by itself")
    mailing.send(invite, by=None)
    return True


@transaction.atomic
def recovered(profile: Profile) -> int:
    """The profile works again: nobody needs to be asked any more. Returns how many invites were called off."""
    resolve_alert(profile.workspace, WITHDRAWN, f"profile:{profile.pk}")
    asking = AppInvite.objects.filter(profile=profile, state__in=INVITE_OPEN, for_token_version__isnull=False)
    return sum(sending.revoke(invite, by=None, reason="The profile works again") for invite in asking)
