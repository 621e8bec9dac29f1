"""Goes on with deliveries when their profile works again."""

from typing import Any

from django.dispatch import receiver

from audiences.models import Delivery
from audiences.services import deliveries
from pinconnect.profiles.models import Profile
from pinconnect.profiles.signals import profile_recovered


@receiver(profile_recovered, dispatch_uid="audiences.resume_deliveries")
def resume_deliveries(*, profile: Profile, **_: Any) -> None:
    """The reconciler would do so too, a minute later."""
    for delivery in Delivery.objects.paused_for_profile().filter(profile=profile):
        deliveries.resume_for_profile(delivery)
