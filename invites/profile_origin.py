"""Tells the page of a profile through which app invite a partner connected it."""

from django.urls import reverse

from invites.services.reconnecting import brought_by
from pinconnect.profiles import origins
from pinconnect.profiles.models import Profile
from pinconnect.profiles.origins import Origin


def origin_of(profile: Profile) -> Origin | None:
    """The invite that brought the present grant; None when there was none."""
    invite = brought_by(profile)
    if invite is None:
        return None
    url = reverse("invites:detail", args=[profile.workspace.slug, invite.pk])
    return Origin(f"the app invite for {invite.partner_name}", url)


origins.register("invites", origin_of)
