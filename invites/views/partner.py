"""The public pages behind a link: what a partner sees, without an account here."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from invites import origins
from invites.links import partner_page_link
from invites.models import AppInvite
from invites.services import partner, withdrawal
from pinconnect.pinterest.errors import PinterestError
from pinconnect.profiles import services as profiles
from pinconnect.profiles import usage
from pinconnect.workspaces.access import View, public

IN_SESSION = "app_invite"


def careful(view: Callable[..., HttpResponse]) -> View:
    """Public, never cached, and no address of ours leaks to the next site: the code stands in it."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if partner.too_many("address", origins.address(request), partner.ATTEMPTS_PER_ADDRESS):
            response = render(request, "invites/partner_wait.html", status=429)
            response["Retry-After"] = str(partner.WINDOW_S)
        else:
            response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex"
        return response

    return public(guarded)


@careful
@require_GET
def landing(request: HttpRequest, code: str) -> HttpResponse:
    """Who asks, for what, and what will be possible. Looking uses nothing up."""
    invite = partner.find(code)
    if invite is None:
        return render(request, "invites/partner_unknown.html", status=404)
    partner.viewed(invite, origin=origins.coarse(request))
    if invite.state == "active":
        return render(request, "invites/partner_used.html", {"invite": invite}, status=410)
    if invite.is_expired:
        return render(request, "invites/partner_expired.html", {"invite": invite}, status=410)
    action = reverse("invites:start", args=[code])
    return render(request, "invites/partner_landing.html", {"invite": invite, "action": action})


@careful
@require_POST
def start(request: HttpRequest, code: str) -> HttpResponse:
    """The partner agrees to go to Pinterest."""
    return _to_pinterest(request, partner.find(code))


@careful
@require_POST
def retry(request: HttpRequest) -> HttpResponse:
    """Once more, for the invite this browser has already started."""
    return _to_pinterest(request, _under_way(request))


def _under_way(request: HttpRequest) -> AppInvite | None:
    """The invite that this browser has started."""
    pk = request.session.get(IN_SESSION)
    found = AppInvite.objects.select_related("workspace", "profile", "created_by")
    return found.filter(pk=pk).first() if isinstance(pk, int) else None


def _to_pinterest(request: HttpRequest, invite: AppInvite | None) -> HttpResponse:
    if invite is None or invite.state == "revoked" or invite.archived_at:
        return render(request, "invites/partner_unknown.html", status=404)
    if not invite.is_usable:
        used = invite.state == "active"
        template = "invites/partner_used.html" if used else "invites/partner_expired.html"
        return render(request, template, {"invite": invite}, status=410)
    if partner.too_many("start", str(invite.pk), partner.STARTS_PER_INVITE):
        return render(request, "invites/partner_wait.html", status=429)
    request.session[IN_SESSION] = invite.pk
    url = profiles.start_connect(
        invite.workspace,
        by=None,
        session=request.session,
        next_url=reverse("invites:finish"),
        profile=invite.profile,
        expected_username="" if invite.profile else invite.expected_username,
    )
    partner.started(invite, origin=origins.coarse(request))
    return redirect(url)


@careful
@require_GET
def finish(request: HttpRequest) -> HttpResponse:
    """Back from Pinterest: say how it went, and use the invite up if it went well."""
    invite = _under_way(request)
    pk = request.GET.get("connect", "")
    outcome = profiles.connect_outcome(request.session, int(pk)) if pk.isdigit() else None
    if invite is None or outcome is None:
        return render(request, "invites/partner_lost.html", status=400)
    origin = origins.coarse(request)
    if outcome.profile is None:
        partner.failed(invite, code=outcome.code, origin=origin)
        context = {"invite": invite, "words": outcome.words}
        return render(request, "invites/partner_failed.html", context)
    page_code = partner.activated(invite, outcome.profile, origin=origin)
    # The address of the partner's page is in this one answer only; a second look at it says that it was shown.
    context = {"invite": invite, "profile": outcome.profile, "link": partner_page_link(page_code) if page_code else ""}
    return render(request, "invites/partner_connected.html", context)


@careful
@require_GET
def partner_page(request: HttpRequest, code: str) -> HttpResponse:
    """The partner's own page: what was granted and what was done with it."""
    invite = partner.find_by_page(code)
    if invite is None:
        return render(request, "invites/partner_unknown.html", status=404)
    context = {
        "invite": invite,
        "profile": invite.result,
        "usages": usage.of(invite.result) if invite.result else [],
        "withdraw_url": reverse("invites:withdraw", args=[code]),
    }
    return render(request, "invites/partner_page.html", context)


@careful
@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """Asks first; then the tokens are deleted, deliveries pause, and the marketer is told."""
    invite = partner.find_by_page(code)
    if invite is None:
        return render(request, "invites/partner_unknown.html", status=404)
    if request.method == "POST":
        try:
            withdrawal.withdraw(invite, origin=origins.coarse(request))
        except PinterestError:
            return render(request, "invites/partner_wait.html", status=503)
        return redirect("invites:partner-page", code)
    context = {"invite": invite, "back": reverse("invites:partner-page", args=[code])}
    return render(request, "invites/partner_withdraw.html", context)
