"""What all pages for partners share: they are public, kept by no cache, and their addresses go nowhere else."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from invites import limits, origins, wording
from invites.models import AppInvite
from invites.states import InviteState
from pinconnect.profiles import services as profiles
from pinconnect.profiles.services import ConnectOutcome
from pinconnect.workspaces import logos
from pinconnect.workspaces.access import View, public

# How long a trip to Pinterest proves who sits at the browser.
PROOF = timedelta(minutes=30)


def careful(view: Callable[..., HttpResponse]) -> View:
    """The code stands in the address of the page, so other sites are told nothing of it, and attempts are counted."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        where = limits.neighbourhood(origins.address(request))
        if limits.too_many("address", where, limits.PER_ADDRESS):
            response = too_often(request)
        else:
            response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        # Not "no-referrer": browsers would then hide the origin of our own forms, too, and Django refuses such forms.
        response["Referrer-Policy"] = "same-origin"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return public(guarded)


def too_often(request: HttpRequest) -> HttpResponse:
    response = render(request, "invites/partner_wait.html", status=429)
    response["Retry-After"] = str(limits.WINDOW_S)
    return response


def unknown(request: HttpRequest) -> HttpResponse:
    """One answer for links that never were and for links that are no more."""
    return render(request, "invites/partner_unknown.html", status=404)


def show(
    request: HttpRequest, page: str, invite: AppInvite, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """A page about an invite, with who asks."""
    shared = {
        "invite": invite,
        "asking": wording.whom_to_ask(invite),
        "logo_url": logos.address(invite.workspace),
        "zone": invite.workspace.time_zone,
    }
    return render(request, f"invites/partner_{page}.html", {**shared, **(context or {})}, status=status)


def trip(request: HttpRequest) -> ConnectOutcome | None:
    """The trip to Pinterest that this browser comes back from; None for those of others."""
    number = request.GET.get("connect", "")
    if not number.isdecimal() or len(number) > 18:
        return None
    return profiles.connect_outcome(request.session, int(number))


def over(request: HttpRequest, invite: AppInvite) -> HttpResponse | None:
    """The page of an invite that can no longer be used; None while it can."""
    if invite.state == InviteState.ACTIVE:
        return show(request, "used", invite, status=410)
    if invite.is_expired:
        return show(request, "expired", invite, status=410)
    return None if invite.is_usable else unknown(request)
