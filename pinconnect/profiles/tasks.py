"""Queue entry points of profiles: ids in, counts out, safe to run twice."""

import logging

from pinconnect.pinterest.errors import PinterestError
from pinconnect.profiles import services, tokens
from pinconnect.profiles.models import Profile

logger = logging.getLogger(__name__)


def renew_profile(profile_id: int) -> dict[str, int]:
    """Renew the tokens of one profile, unless that was done since the hint was given."""
    from django.utils import timezone

    if not Profile.objects.due_for_renewal(timezone.now()).filter(pk=profile_id).exists():
        return {"renewed": 0}
    try:
        tokens.renew(profile_id)
    except tokens.ProfileUnusable as problem:
        logger.info("Profile %s was not renewed: %s", profile_id, problem.code)
        return {"renewed": 0}
    return {"renewed": 1}


def read_ad_accounts(profile_id: int) -> dict[str, int]:
    """Read the ad accounts of one profile."""
    profile = Profile.objects.connected().filter(pk=profile_id).first()
    if profile is None:
        return {"found": 0}
    try:
        return {"found": services.read_ad_accounts(profile).found}
    except (tokens.ProfileUnusable, PinterestError) as problem:
        logger.warning("The ad accounts of profile %s could not be read: %s", profile_id, problem)
        return {"found": 0}
