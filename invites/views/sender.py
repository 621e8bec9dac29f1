"""The marketer's pages of app invites."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from invites import emails, wording
from invites.forms import InviteForm, ResendForm
from invites.links import partner_link
from invites.models import AppInvite
from invites.services import mailing, sending
from invites.services.refusals import InviteRefusal
from invites.states import INVITE_OPEN, InviteState
from pinconnect.lib.texts import without_nul
from pinconnect.profiles.models import Profile
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb

PER_PAGE = 25
NOTHING_TO_REVOKE = "This invite was used or revoked before, so there is nothing to revoke."
FILTERS = (
    ("open", "All open"),
    ("pending", "Pending"),
    ("opened", "Opened"),
    ("authorising", "At Pinterest"),
    ("failed", "Failed"),
    ("active", "Active"),
    ("ended", "Used, profile not connected"),
    ("expired", "Expired"),
    ("revoked", "Revoked"),
    ("archived", "Archived"),
)


def _invite(request: WorkspaceRequest, pk: int) -> AppInvite:
    found = AppInvite.objects.for_workspace(request.workspace)
    return get_object_or_404(found.select_related("workspace", "profile", "result", "created_by"), pk=pk)


@workspace_view(Verb.VIEW)
@require_safe
def invite_list(request: WorkspaceRequest) -> HttpResponse:
    search, wanted = without_nul(request.GET.get("q", "")).strip(), request.GET.get("state", "")
    mine = AppInvite.objects.for_workspace(request.workspace)
    found = mine.shown_as(wanted).matching(search).select_related("profile", "result")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    troubled = emails.in_trouble(list(page))
    context = {
        "page": page,
        "rows": [(invite, wording.badge(invite), invite.is_usable and invite.pk in troubled) for invite in page],
        "search": search,
        "state": wanted,
        "filters": FILTERS,
        "has_any": bool(page.paginator.count) or mine.exists(),
        "has_app": bool(settings.PINTEREST_APP_ID),
    }
    return render(request, "invites/list.html", context)


@workspace_view(Verb.OPERATE)
@require_http_methods(["GET", "HEAD", "POST"])
def invite_create(request: WorkspaceRequest) -> HttpResponse:
    profiles = Profile.objects.for_workspace(request.workspace)
    asked = request.GET.get("profile", "")
    initial = {"purpose": "reconnect", "profile": asked} if asked.isdecimal() else {}
    form = InviteForm(request.POST if request.method == "POST" else None, profiles=profiles, initial=initial)
    if request.method == "POST" and form.is_valid():
        made = sending.create(request.workspace, form.wishes(), by=request.user)
        if not made.code:
            messages.info(request, "This form was sent before, and the invite exists. Its link was shown that time.")
            return redirect("invites:detail", request.workspace.slug, made.invite.pk)
        if made.invite.partner_email:
            mailing.send(made.invite, by=request.user)
        return _show_link(request, made.invite, made.code, is_mailed=bool(made.invite.partner_email))
    return render(request, "invites/create.html", {"form": form, "has_app": bool(settings.PINTEREST_APP_ID)})


@workspace_view(Verb.VIEW)
@require_safe
def invite_detail(request: WorkspaceRequest, pk: int) -> HttpResponse:
    return _detail(request, _invite(request, pk))


def _detail(request: WorkspaceRequest, invite: AppInvite, resend: ResendForm | None = None) -> HttpResponse:
    is_usable = invite.is_usable and invite.archived_at is None
    context = {
        "invite": invite,
        "badge": wording.badge(invite),
        "explanation": wording.explanation(invite),
        "events": wording.timeline(invite),
        "email": wording.email_state(invite),
        "can_be_sent": is_usable,
        "reminder": wording.reminder(invite),
        "is_open": invite.state in INVITE_OPEN and invite.archived_at is None,
        "reconnecting": _reconnecting(request, invite),
        "resend": resend or ResendForm(initial={"partner_email": invite.partner_email}),
    }
    return render(request, "invites/detail.html", context, status=400 if resend else 200)


def _reconnecting(request: WorkspaceRequest, invite: AppInvite) -> dict[str, object] | None:
    """Where the way back leads when the profile that came of it works no longer: an invite for it, or making one."""
    profile = invite.result
    if invite.state != InviteState.ACTIVE or profile is None or profile.is_usable:
        return None
    asking = AppInvite.objects.asking_for(profile).first()
    if asking:
        return {"is_open": True, "url": reverse("invites:detail", args=[request.workspace.slug, asking.pk])}
    url = reverse("invites:create", args=[request.workspace.slug], query={"profile": profile.pk})
    return {"is_open": False, "url": url}


@workspace_view(Verb.OPERATE)
@require_http_methods(["GET", "HEAD", "POST"])
def invite_act(request: WorkspaceRequest, pk: int, action: str) -> HttpResponse:
    """One of: replace-link, resend, extend, revoke, archive. What takes something away asks first."""
    invite = _invite(request, pk)
    if request.method != "POST" and action in {"resend", "extend"}:
        return HttpResponseNotAllowed(["POST"])
    try:
        return _act(request, invite, action) if request.method == "POST" else _ask(request, invite, action)
    except InviteRefusal as refusal:
        messages.error(request, refusal.sentence)
    return _to_detail(request, invite)


def _ask(request: WorkspaceRequest, invite: AppInvite, action: str) -> HttpResponse:
    """What would be refused is not asked about: the refusal is said at once."""
    if action == "replace-link":
        sending.require_usable(invite)
    if action == "revoke" and invite.state not in INVITE_OPEN:
        messages.warning(request, NOTHING_TO_REVOKE)
        return _to_detail(request, invite)
    return render(request, "components/confirm.html", _question(request, invite, action))


def _act(request: WorkspaceRequest, invite: AppInvite, action: str) -> HttpResponse:
    if action == "replace-link":
        return _show_link(request, invite, sending.replace_link(invite, by=request.user))
    if action == "resend":
        return _resend(request, invite)
    if action == "extend":
        sending.extend(invite, by=request.user)
        messages.success(request, "The link works for seven days from now.")
    elif action == "revoke":
        if sending.revoke(invite, by=request.user):
            messages.success(request, "The link no longer works.")
        else:
            messages.warning(request, NOTHING_TO_REVOKE)
    else:
        sending.archive(invite, by=request.user)
        messages.success(request, f"The invite for {invite.partner_name} is archived.")
        return redirect("invites:list", request.workspace.slug)
    return _to_detail(request, invite)


def _resend(request: WorkspaceRequest, invite: AppInvite) -> HttpResponse:
    form = ResendForm(request.POST)
    if not form.is_valid():
        return _detail(request, invite, form)
    mailing.send(invite, by=request.user, to=form.cleaned_data["partner_email"])
    messages.success(
        request,
        f"A fresh link is on its way to {invite.partner_email}. Links that were e-mailed before no longer work.",
    )
    return _to_detail(request, invite)


def _to_detail(request: WorkspaceRequest, invite: AppInvite) -> HttpResponse:
    return redirect("invites:detail", request.workspace.slug, invite.pk)


def _question(request: WorkspaceRequest, invite: AppInvite, action: str) -> dict[str, object]:
    """For components/confirm.html."""
    name = invite.partner_name
    stops = "A partner who is at Pinterest just now is stopped, too: nothing they grant is kept."
    questions: dict[str, dict[str, object]] = {
        "replace-link": {
            "title": f"Make a new link for {name}?",
            "consequences": [
                "Every link to this invite that exists stops working, also those sent by e-mail.",
                "The new link is shown once, on the next page. It is not e-mailed.",
                *_reminder_stays(invite),
            ],
            "confirm_label": "Make a new link",
            "is_harmless": True,
        },
        "revoke": {
            "title": f"Revoke the invite for {name}?",
            "consequences": ["Its links stop working for good.", stops],
            "confirm_label": "Revoke",
        },
        "archive": {
            "title": f"Archive the invite for {name}?",
            "consequences": [
                "It leaves the list, and is found again under “Archived”.",
                _what_archiving_leaves(invite),
            ],
            "confirm_label": "Archive",
            "is_harmless": invite.state not in INVITE_OPEN,
        },
    }
    return {**questions[action], "cancel_url": reverse("invites:detail", args=[request.workspace.slug, invite.pk])}


def _what_archiving_leaves(invite: AppInvite) -> str:
    if invite.state in INVITE_OPEN:
        return "A link that is still open is revoked with it."
    if invite.shown_state == InviteState.ACTIVE:
        return "The profile stays connected, and the partner keeps their own page."
    return "Nothing else changes."


def _reminder_stays(invite: AppInvite) -> list[str]:
    if emails.reminder_due_at(invite) is None:
        return []
    return [f"The reminder stays: two days before the end, {invite.partner_email} gets a link by e-mail."]


def _show_link(request: WorkspaceRequest, invite: AppInvite, code: str, *, is_mailed: bool = False) -> HttpResponse:
    """The only page that ever shows the link. It is not redirected to, so that it stands in no address or session."""
    context = {
        "is_mailed": is_mailed,
        "invite": invite,
        "link": partner_link(code),
        "next": reverse("invites:detail", args=[request.workspace.slug, invite.pk]),
    }
    return render(request, "invites/link.html", context)
