"""The marketer's pages of app invites."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from invites import emails, wording
from invites.forms import InviteForm
from invites.links import partner_link
from invites.models import AppInvite
from invites.querysets import AppInviteQuerySet
from invites.services import mailing, sending
from invites.states import INVITE_OPEN, InviteState
from pinconnect.profiles.models import Profile
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb

PER_PAGE = 25
FILTERS = (
    ("open", "Open"),
    ("active", "Active"),
    ("expired", "Expired"),
    ("revoked", "Revoked"),
    ("archived", "Archived"),
)


def _invite(request: WorkspaceRequest, pk: int) -> AppInvite:
    found = AppInvite.objects.for_workspace(request.workspace).select_related("profile", "result", "created_by")
    return get_object_or_404(found, pk=pk)


def _filtered(request: WorkspaceRequest, search: str, wanted: str) -> AppInviteQuerySet:
    found = AppInvite.objects.for_workspace(request.workspace).select_related("profile", "result")
    now = timezone.now()
    found = found.exclude(archived_at=None) if wanted == "archived" else found.not_archived()
    if wanted == "open":
        found = found.filter(state__in=INVITE_OPEN, expires_at__gt=now)
    elif wanted == "expired":
        found = found.filter(state__in=INVITE_OPEN, expires_at__lte=now)
    elif wanted in {InviteState.ACTIVE, InviteState.REVOKED}:
        found = found.filter(state=wanted)
    if search:
        found = found.filter(
            Q(partner_name__icontains=search)
            | Q(partner_email__icontains=search)
            | Q(expected_username__icontains=search)
            | Q(result__username__icontains=search)
        )
    return found


@workspace_view(Verb.VIEW)
@require_GET
def invite_list(request: WorkspaceRequest) -> HttpResponse:
    search, wanted = request.GET.get("q", "").strip(), request.GET.get("state", "")
    page = Paginator(_filtered(request, search, wanted), PER_PAGE).get_page(request.GET.get("page"))
    for invite in page:
        invite.badge = wording.badge(invite)
    context = {"page": page, "search": search, "state": wanted, "filters": FILTERS}
    return render(request, "invites/list.html", context)


@workspace_view(Verb.OPERATE)
@require_http_methods(["GET", "POST"])
def invite_create(request: WorkspaceRequest) -> HttpResponse:
    profiles = Profile.objects.for_workspace(request.workspace)
    asked = request.GET.get("profile", "")
    initial = {"purpose": "reconnect", "profile": asked} if asked.isdigit() else {}
    form = InviteForm(request.POST or None, profiles=profiles, initial=initial)
    if request.method == "POST" and form.is_valid():
        invite, code = sending.create(request.workspace, form.wishes(), by=request.user)
        if invite.partner_email:
            mailing.send(invite, by=request.user)
        return _show_link(request, invite, code)
    return render(request, "invites/create.html", {"form": form})


@workspace_view(Verb.VIEW)
@require_GET
def invite_detail(request: WorkspaceRequest, pk: int) -> HttpResponse:
    invite = _invite(request, pk)
    context = {
        "invite": invite,
        "badge": wording.badge(invite),
        "explanation": wording.explanation(invite),
        "events": [wording.timeline_entry(event) for event in invite.events.order_by("-at", "-pk")],
        "email": emails.delivery_state(invite) if invite.partner_email else None,
        "can_be_sent": invite.is_usable,
        "can_be_extended": invite.state in INVITE_OPEN and not invite.archived_at,
    }
    return render(request, "invites/detail.html", context)


@workspace_view(Verb.OPERATE)
@require_POST
def invite_act(request: WorkspaceRequest, pk: int, action: str) -> HttpResponse:
    """One of: replace-link, resend, extend, revoke, archive."""
    invite = _invite(request, pk)
    try:
        if action == "replace-link":
            return _show_link(request, invite, sending.replace_link(invite, by=request.user))
        if action == "resend":
            mailing.send(invite, by=request.user)
            messages.success(
                request, f"A fresh link is on its way to {invite.partner_email}. The e-mailed one stops working."
            )
        elif action == "extend":
            sending.extend(invite, by=request.user)
            emails.queue_reminder(_invite(request, pk))
            messages.success(request, "The link works for seven more days from now.")
        elif action == "revoke":
            sending.revoke(invite, by=request.user)
            messages.success(request, "The link no longer works. A profile that was connected with it stays connected.")
        else:
            sending.archive(invite, by=request.user)
            messages.success(request, f"The invite for {invite.partner_name} is archived.")
            return redirect("invites:list", request.workspace.slug)
    except sending.InviteRefusal as refusal:
        messages.error(request, refusal.sentence)
    return redirect("invites:detail", request.workspace.slug, invite.pk)


def _show_link(request: WorkspaceRequest, invite: AppInvite, code: str) -> HttpResponse:
    """The only page that ever shows the link. It is not redirected to, so that it stands in no address or session."""
    context = {
        "invite": invite,
        "link": partner_link(code),
        "next": reverse("invites:detail", args=[request.workspace.slug, invite.pk]),
    }
    response = render(request, "invites/link.html", context)
    response["Cache-Control"] = "no-store"
    return response
