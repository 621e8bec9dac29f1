"""Tells the page of a profile which deliveries depend on it."""

from django.db.models import Max, Q
from django.urls import reverse

from audiences.models import Delivery
from audiences.states import DeliveryState
from pinconnect.profiles import usage
from pinconnect.profiles.models import Profile
from pinconnect.profiles.usage import Usage


def deliveries_of(profile: Profile) -> list[Usage]:
    """Every delivery that is not archived and names the profile, as its first one or as standby."""
    found = Delivery.objects.not_archived().filter(Q(profile=profile) | Q(standby=profile))
    found = found.select_related("workspace", "audience__ad_account", "profile", "standby").annotate(
        last_written_at=Max("runs__batches__sent_at", filter=Q(runs__batches__profile=profile))
    )
    return [
        Usage(
            label=delivery.name,
            audience=str(delivery.audience or ""),
            ad_account=str(delivery.audience.ad_account) if delivery.audience else "",
            state=_state(delivery, profile),
            url=reverse("audiences:delivery-detail", args=[delivery.workspace.slug, delivery.pk]),
            last_written_at=delivery.last_written_at,
            on_loss=_on_loss(delivery, profile),
        )
        for delivery in found
    ]


def _state(delivery: Delivery, profile: Profile) -> str:
    shown = delivery.get_state_display()
    if delivery.standby_id != profile.pk:
        return f"{shown}; the standby sends now" if delivery.standby_since else shown
    return f"{shown}; sends now, as standby" if delivery.standby_since else f"{shown}; as standby"


def _on_loss(delivery: Delivery, profile: Profile) -> str:
    if delivery.state == DeliveryState.DRAFT:
        return "cannot be published until it has another profile" if delivery.profile_id == profile.pk else "loses it"
    other = delivery.profile if delivery.standby_id == profile.pk else delivery.standby
    if other is None or not other.is_usable:
        return "stops until a profile works again"
    if delivery.standby_id == profile.pk and not delivery.standby_since:
        return "goes on, without a standby"
    return f"goes on through {other}"


usage.register("deliveries", deliveries_of)
