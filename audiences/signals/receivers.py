"""Pauses deliveries whose profile is gone, and goes on with them when it works again; reconcilers would do so too."""

from typing import Any

from django.db.models import Q
from django.dispatch import receiver

from audiences.models import Delivery
from audiences.profile_care import code_of
from audiences.services import deliveries, standby
from pinconnect.profiles.models import Profile
from pinconnect.profiles.signals import profile_disconnected, profile_expired, profile_recovered


@receiver(profile_recovered, dispatch_uid="audiences.resume_deliveries")
def resume_deliveries(*, profile: Profile, **_: Any) -> None:
    for delivery in standby.may_hand_back().filter(profile=profile):
        standby.hand_back(delivery)
    for delivery in Delivery.objects.paused_for_profile().filter(profile=profile):
        deliveries.resume_for_profile(delivery)
    for delivery in standby.resumable().filter(standby=profile):
        deliveries.resume_for_profile(delivery)


@receiver((profile_expired, profile_disconnected), dispatch_uid="audiences.pause_deliveries")
def pause_deliveries(*, profile: Profile, **_: Any) -> None:
    """Those without a run too: their pages say at once what is the matter."""
    profile.refresh_from_db()
    if profile.is_usable:
        return
    for delivery in standby.refused_unnoticed().filter(Q(profile=profile) | Q(standby=profile)):
        deliveries.pause_for_profile(delivery, code_of(profile), refused=profile)
