"""Notices what happened to profiles although nobody told: a process may die between a commit and its signal."""

from audiences.services import deliveries, standby
from pinconnect.profiles.models import Profile, ProfileState
from pinconnect.queue import reconciler

AT_ONCE = 100


def code_of(profile: Profile) -> str:
    """Why nothing can be sent for a profile that is expired or disconnected; of messages.reason."""
    return "profile_expired" if profile.state == ProfileState.EXPIRED else "profile_disconnected"


def pause_refused() -> int:
    """Deliveries whose profile is gone pause, or go on through their standby; returns how many were looked at."""
    found = standby.refused_unnoticed().select_related("profile", "standby").order_by("pk")[:AT_ONCE]
    for delivery in found:
        refused = delivery.profile if delivery.standby_since is None else delivery.standby
        if refused is not None:
            deliveries.pause_for_profile(delivery, code_of(refused), refused=refused)
    return len(found)


def hand_back() -> int:
    """First profiles that work again speak again; returns for how many deliveries."""
    return sum(standby.hand_back(delivery) for delivery in standby.may_hand_back().order_by("pk")[:AT_ONCE])


reconciler.register("audiences.refused", pause_refused, every_s=60)
reconciler.register("audiences.hand_back", hand_back, every_s=60)
