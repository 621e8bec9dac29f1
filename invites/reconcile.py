"""Finds expired profiles whose people were not asked yet, because a process died before it could."""

from datetime import timedelta

from django.utils import timezone

from invites.services import reconnecting
from pinconnect.profiles.models import Profile, ProfileState

# Older expiries were answered long ago, or cannot be: e-mails that were sent are forgotten after three months.
LOOK_BACK = timedelta(days=7)
AT_ONCE = 100


def ask_for_expired() -> int:
    """Returns how many people were asked."""
    expired = Profile.objects.filter(
        state=ProfileState.EXPIRED, renewal_tried_at__gt=timezone.now() - LOOK_BACK
    ).order_by("pk")
    return sum(reconnecting.ask(pk) for pk in expired.values_list("pk", flat=True)[:AT_ONCE])
