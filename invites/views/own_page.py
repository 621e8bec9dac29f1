"""The partner's own page: what was granted and done, taking it back, and a new link for one that was lost."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from invites import limits, origins
from invites.links import partner_page_link
from invites.models import AppInvite
from invites.services import page, withdrawal
from invites.views.public import PROOF, careful, show, too_often, trip, unknown
from pinconnect.profiles import services as profiles
from pinconnect.profiles import usage
from pinconnect.profiles.models import ProfileState
from pinconnect.profiles.scopes import in_words
from pinconnect.profiles.services import ConnectOutcome
from pinconnect.workspaces.refusals import Refused


@careful
@require_safe
def partner_page(request: HttpRequest, code: str) -> HttpResponse:
    """What was granted and what was done with it."""
    invite = page.find(code)
    if invite is None:
        return unknown(request)
    profile = invite.result
    context = {
        "profile": profile,
        "is_granted": profile is not None and profile.state == ProfileState.CONNECTED,
        "can_withdraw": profile is not None and profile.state != ProfileState.DISCONNECTED,
        "scopes": [in_words(scope) for scope in profile.scopes] if profile else [],
        "usages": usage.of(profile) if profile else [],
        "link": partner_page_link(code),
        "withdraw_url": reverse("invites:withdraw", args=[code]),
    }
    return show(request, "page", invite, context)


@careful
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """Asks first; then the tokens are deleted, deliveries pause, and the marketer is told."""
    invite = page.find(code)
    if invite is None or invite.result is None:
        return unknown(request)
    if request.method == "POST":
        withdrawal.withdraw(invite, origin=origins.coarse(request))
        return redirect("invites:partner-page", code)
    context = {
        "profile": invite.result,
        "back": reverse("invites:partner-page", args=[code]),
        "usages": usage.of(invite.result),
    }
    return show(request, "withdraw", invite, context)


@careful
@require_http_methods(["GET", "HEAD", "POST"])
def lost(request: HttpRequest) -> HttpResponse:
    """For who has lost the link to their page. Nothing is typed in, so nothing can be asked about others."""
    if request.method != "POST":
        return render(request, "invites/partner_recover.html")
    where = limits.neighbourhood(origins.address(request))
    if limits.too_many("recover", where, limits.PER_INVITE):
        return too_often(request)
    try:
        url = profiles.start_identify(session=request.session, next_url=reverse("invites:recovered"))
    except Refused:
        return render(request, "invites/partner_recover.html", {"is_impossible": True}, status=503)
    return redirect(url)


@careful
@require_http_methods(["GET", "HEAD", "POST"])
def recovered(request: HttpRequest) -> HttpResponse:
    """Back from Pinterest, which has said who they are: GET shows their pages, POST makes a new link to one of them."""
    proof = _proof(request)
    if proof is None:
        return render(request, "invites/partner_lost.html", {"again_url": reverse("invites:lost")}, status=400)
    if proof.code != "identified":
        return render(request, "invites/partner_recover.html", {"words": proof.words})
    theirs = page.of_person(proof.came_id)
    if request.method == "POST":
        return _open(request, theirs)
    return render(request, "invites/partner_pages.html", {"username": proof.came_username, "invites": theirs})


def _open(request: HttpRequest, theirs: list[AppInvite]) -> HttpResponse:
    invite = next((one for one in theirs if str(one.pk) == request.POST.get("invite", "")), None)
    if invite is None:
        return unknown(request)
    return redirect("invites:partner-page", page.new_code(invite, origin=origins.coarse(request)))


def _proof(request: HttpRequest) -> ConnectOutcome | None:
    """A trip that this browser made just now, only to find out who somebody is."""
    outcome = trip(request)
    if outcome is None or outcome.next_url != reverse("invites:recovered") or outcome.ended_at is None:
        return None
    # Only a trip that belongs to no workspace has asked for nothing else.
    if outcome.workspace is not None or outcome.ended_at < timezone.now() - PROOF:
        return None
    return outcome
