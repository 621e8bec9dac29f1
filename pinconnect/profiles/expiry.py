"""When a profile that works should be announced as about to end."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from pinconnect.profiles.models import Profile

# Tokens live for weeks and are renewed daily, so one that has less than this left has not been renewed for long.
SOON = timedelta(days=7)
# Where Pinterest gives out tokens that live shorter than that, being renewed daily is what counts.
OVERDUE = timedelta(days=2)
REFUSED = "refused"


def is_expiring(profile: Profile, now: datetime | None = None) -> bool:
    """Connected, but Pinterest refuses to renew it, has not done so for long, or will stop to do so soon."""
    if not profile.is_usable or profile.expires_at is None:
        return False
    soon = (now or timezone.now()) + SOON
    if profile.renewal_problem == REFUSED:
        return True
    if profile.refresh_expires_at is not None and profile.refresh_expires_at < soon:
        return True
    is_overdue = profile.renewed_at is None or profile.renewed_at < soon - SOON - OVERDUE
    return is_overdue and profile.expires_at < soon


def perhaps_expiring(now: datetime) -> Q:
    """The rows for which is_expiring is worth asking."""
    soon = now + SOON
    return Q(renewal_problem=REFUSED) | Q(expires_at__lt=soon) | Q(refresh_expires_at__lt=soon)
