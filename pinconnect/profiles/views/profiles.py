"""Profiles: the list, one profile, and what can be done with it."""

import math
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pinconnect.lib.texts import row_number
from pinconnect.pinterest.errors import PinterestError, RateLimited
from pinconnect.profiles import history, origins, services, tokens, usage, wording
from pinconnect.profiles.messages import unusable_words, why_refused
from pinconnect.profiles.models import AdAccountAccess, Profile
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.refusals import Refused
from pinconnect.workspaces.roles import Verb

PINTEREST_SETTINGS = "https://www.pinterest.com/settings/security"


@dataclass(frozen=True)
class StateTab:
    label: str
    url: str
    is_current: bool
    count: int


@workspace_view(Verb.VIEW)
@require_safe
def index(request: WorkspaceRequest) -> HttpResponse:
    everything = list(Profile.objects.for_workspace(request.workspace).with_ad_account_counts())
    wanted = request.GET.get("state", "")
    shown = [profile for profile in everything if not wanted or wording.group(profile) == wanted]
    context = {
        "rows": [(profile, wording.state_badge(profile)) for profile in shown],
        "has_any": bool(everything),
        "tabs": _tabs(request, everything, wanted),
    }
    return render(request, "profiles/list.html", context)


def _tabs(request: WorkspaceRequest, everything: list[Profile], wanted: str) -> list[StateTab]:
    groups = [wording.group(profile) for profile in everything]
    return [
        StateTab(
            label=label,
            url=f"{request.path}?state={key}" if key else request.path,
            is_current=key == wanted,
            count=groups.count(key) if key else len(groups),
        )
        for key, label in {"": "All", **wording.GROUPS}.items()
    ]


@workspace_view(Verb.VIEW)
@require_safe
def detail(request: WorkspaceRequest, pk: int) -> HttpResponse:
    profile = _profile(request, pk)
    accesses = AdAccountAccess.objects.filter(profile=profile).select_related("ad_account").order_by("ad_account__name")
    context = {
        "profile": profile,
        "badge": wording.state_badge(profile),
        "group": wording.group(profile),
        "origin": origins.of(profile),
        "why_refused": why_refused(profile),
        "history": history.of(profile),
        "scope_lines": wording.scope_lines(profile),
        "accesses": accesses,
        "usages": usage.of(profile),
        "pinterest_settings": PINTEREST_SETTINGS,
    }
    return render(request, "profiles/detail.html", context)


@workspace_view(Verb.OPERATE)
@require_POST
def connect(request: WorkspaceRequest) -> HttpResponse:
    """Off to Pinterest. POST: profile (whose token is updated, if any), next (where to return, if not here)."""
    pk, next_url = row_number(request.POST.get("profile", "")), request.POST.get("next", "")
    profile = _profile(request, pk) if pk is not None else None
    if not services.may_lead_to(next_url):
        next_url = ""
    try:
        url = services.start_connect(
            request.workspace, by=request.user, session=request.session, profile=profile, next_url=next_url
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("profiles:list", workspace=request.workspace.slug)
    return redirect(url)


@workspace_view(Verb.OPERATE)
@require_POST
def renew(request: WorkspaceRequest, pk: int) -> HttpResponse:
    profile = _profile(request, pk)
    before = profile.token_version
    try:
        renewed = tokens.renew(profile.pk)
    except tokens.ProfileUnusable as problem:
        words = unusable_words(problem.code)
        messages.error(request, f"{words.title}. {words.body} {words.next_step}")
    else:
        if renewed.token_version == before:
            messages.warning(request, "Pinterest refuses to renew this token. Choose “Update token” before it ends.")
        else:
            messages.success(request, "The token is renewed.")
    return redirect(profile)


@workspace_view(Verb.OPERATE)
@require_POST
def read_ad_accounts(request: WorkspaceRequest, pk: int) -> HttpResponse:
    profile = _profile(request, pk)
    try:
        read = services.read_ad_accounts(profile)
    except tokens.ProfileUnusable as problem:
        words = unusable_words(problem.code)
        messages.error(request, f"{words.title}. {words.body} {words.next_step}")
    except RateLimited as limited:
        wait = f"{max(1, math.ceil(limited.retry_after_s / 60))} min"
        messages.error(
            request,
            "Pinterest’s rate limit is reached, so it did not list the ad accounts. What was known before is kept. "
            f"Try again in {wait}.",
        )
    except PinterestError:
        messages.error(
            request,
            "Pinterest did not list the ad accounts. What was known before is kept. Try again in a few minutes.",
        )
    else:
        messages.success(request, f"Pinterest lists {read.found} ad accounts; {read.writable} can receive deliveries.")
    return redirect(profile)


@workspace_view(Verb.OPERATE)
@require_http_methods(["GET", "POST"])
def disconnect(request: WorkspaceRequest, pk: int) -> HttpResponse:
    profile = _profile(request, pk)
    if request.method == "POST":
        if services.disconnect(profile, by=request.user):
            messages.success(
                request,
                f"{profile} is disconnected. PinConnect no longer holds a token for it. Pinterest keeps the grant "
                "until it is removed there.",
            )
        return redirect(profile)
    context = {"profile": profile, "usages": usage.of(profile), "pinterest_settings": PINTEREST_SETTINGS}
    return render(request, "profiles/disconnect.html", context)


def _profile(request: WorkspaceRequest, pk: int) -> Profile:
    found = Profile.objects.for_workspace(request.workspace).select_related("workspace", "connected_by")
    return get_object_or_404(found, pk=pk)
