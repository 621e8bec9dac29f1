"""The public pages behind a link: what a partner sees on the way to granting access, without an account here."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from invites import attempts, limits, links, origins, wording
from invites.models import AppInvite, InviteCode, InviteEvent
from invites.services import codes, page, partner
from invites.services.refusals import InviteRefusal
from invites.views.public import PROOF, careful, over, show, too_often, trip, unknown
from pinconnect.profiles.scopes import NEEDED
from pinconnect.profiles.services import ConnectOutcome
from pinconnect.workspaces.models import Membership, User
from pinconnect.workspaces.refusals import Refused


@careful
@require_safe
def landing(request: HttpRequest, code: str) -> HttpResponse:
    """Who asks, for what, and what will be possible. Looking uses nothing up."""
    link = codes.find(code)
    if link is None:
        return unknown(request)
    invite = link.invite
    is_member = _is_member(request, invite)
    if request.method == "GET" and not is_member and "prefetch" not in request.headers.get("Sec-Purpose", ""):
        partner.looked_at(invite, origin=origins.coarse(request))
    context = {"action": reverse("invites:start", args=[code]), "is_member": is_member, "scopes": NEEDED.values()}
    return over(request, invite) or show(request, "landing", invite, context)


def _is_member(request: HttpRequest, invite: AppInvite) -> bool:
    """Members who try their own link are told so, and do not count as the partner who opened it."""
    user = request.user
    return isinstance(user, User) and Membership.objects.filter(workspace=invite.workspace_id, user=user).exists()


@careful
@require_POST
def start(request: HttpRequest, code: str) -> HttpResponse:
    """The partner agrees to go to Pinterest."""
    link = codes.find(code)
    return unknown(request) if link is None else _to_pinterest(request, link)


def _to_pinterest(request: HttpRequest, link: InviteCode) -> HttpResponse:
    invite = link.invite
    if limits.too_many("start", str(invite.pk), limits.PER_INVITE):
        return too_often(request)
    try:
        url = partner.start(link, session=request.session, origin=origins.coarse(request))
    except InviteRefusal:
        return over(request, invite) or unknown(request)
    except Refused:
        # No Pinterest app is set up here.
        words = wording.to_partner(ConnectOutcome("app_refused"), invite)
        return show(request, "failed", invite, {"words": words}, status=503)
    return redirect(url)


@careful
@require_http_methods(["GET", "HEAD", "POST"])
def finish(request: HttpRequest) -> HttpResponse:
    """Back from Pinterest: GET only tells how it went. POST opens the partner's own page, or tries once more."""
    outcome = trip(request)
    attempt = _begun_here(request, outcome) if outcome else None
    if outcome is None or attempt is None:
        return _not_begun_here(request)
    invite = attempt.invite
    if request.method != "POST":
        return _tell(request, attempt, outcome)
    if outcome.profile is not None:
        return _to_own_page(request, invite, outcome)
    if attempt.code is None or not attempts.link_works(attempt) or invite.archived_at is not None:
        return unknown(request)
    return _to_pinterest(request, attempt.code)


def _begun_here(request: HttpRequest, outcome: ConnectOutcome) -> InviteEvent | None:
    """The attempt that this browser began and this trip ended; a profile that came has to be the invite's."""
    workspace_pk = outcome.workspace.pk if outcome.workspace else None
    attempt = attempts.of_partner(outcome.next_url, user_pk=outcome.user_pk, workspace_pk=workspace_pk)
    if attempt is None or not attempts.is_of(request.session, attempt):
        return None
    is_its_profile = outcome.profile is None or outcome.profile.pk == attempt.invite.result_id
    return attempt if is_its_profile else None


def _tell(request: HttpRequest, attempt: InviteEvent, outcome: ConnectOutcome) -> HttpResponse:
    invite = attempt.invite
    if outcome.profile is not None:
        return show(request, "connected", invite, {"profile": outcome.profile, "host": links.host()})
    words = wording.to_partner(outcome, invite)
    can_retry = attempts.link_works(attempt) and invite.is_usable and invite.archived_at is None
    return show(request, "failed", invite, {"words": words, "can_retry": can_retry})


def _to_own_page(request: HttpRequest, invite: AppInvite, outcome: ConnectOutcome) -> HttpResponse:
    if outcome.ended_at is None or outcome.ended_at < timezone.now() - PROOF:
        # Somebody else may sit at this browser by now.
        return redirect("invites:lost")
    return redirect("invites:partner-page", page.new_code(invite, origin=origins.coarse(request)))


def _not_begun_here(request: HttpRequest) -> HttpResponse:
    """Another browser, or too long ago."""
    return render(request, "invites/partner_lost.html", status=400)
