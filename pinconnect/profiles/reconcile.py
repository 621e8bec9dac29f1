"""Finds what is due for profiles: daily renewals, daily readings of ad accounts, old trips."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from pinconnect.alerts.services import raise_alert
from pinconnect.profiles import expiry, messages, services
from pinconnect.profiles.models import Profile
from pinconnect.queue import hints

# A few at a time: after an outage the renewals of many profiles must not use up the app's rate in one go.
AT_ONCE = 50
READ_AFTER = timedelta(hours=24)


def hint_renewals() -> int:
    """Ask workers to renew what has not been renewed for a day; returns how many were asked for."""
    due = list(Profile.objects.due_for_renewal(timezone.now()).values_list("pk", flat=True)[:AT_ONCE])
    for pk in due:
        hints.enqueue("pinconnect.profiles.tasks.renew_profile", pk)
    return len(due)


def announce_expiring() -> int:
    """Say so before a token ends that could not be renewed; returns how many there are."""
    now, told = timezone.now(), 0
    suspects = Profile.objects.connected().filter(expiry.perhaps_expiring(now)).select_related("workspace")
    for profile in suspects.order_by("expires_at", "pk"):
        # One that Pinterest refuses to renew was announced when it refused.
        if expiry.is_expiring(profile, now) and profile.renewal_problem != expiry.REFUSED:
            context = messages.alert_context(profile)
            raise_alert(profile.workspace, messages.EXPIRING.id, messages.subject(profile), **context)
            told += 1
    return told


def hint_readings() -> int:
    """Ask workers to read ad accounts that have not been read for a day."""
    unread = Q(ad_accounts_read_at=None) | Q(ad_accounts_read_at__lt=timezone.now() - READ_AFTER)
    due = list(Profile.objects.connected().filter(unread).values_list("pk", flat=True)[:AT_ONCE])
    for pk in due:
        hints.enqueue("pinconnect.profiles.tasks.read_ad_accounts", pk)
    return len(due)


def forget_old_states() -> int:
    """Delete trips to Pinterest that ended long ago."""
    return services.forget_old_states()
