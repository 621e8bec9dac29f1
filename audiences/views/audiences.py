"""The page of an audience: what Pinterest makes of it over time, and what changed there without us."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from audiences.models import Audience, Drift
from audiences.reports import audience_page
from audiences.watching import drift as drifts
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb


def _audience(request: WorkspaceRequest, pk: int) -> Audience:
    found = Audience.objects.for_workspace(request.workspace).select_related("ad_account", "workspace")
    return get_object_or_404(found, pk=pk)


@workspace_view(Verb.VIEW)
@require_GET
def audience_detail(request: WorkspaceRequest, pk: int) -> HttpResponse:
    audience = _audience(request, pk)
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, audience_page.RANGES) else audience_page.USUAL_RANGE
    tabs = [
        {"label": label, "url": f"?days={value}#charts", "is_current": value == days, "count": None}
        for value, label in audience_page.RANGES.items()
    ]
    page = audience_page.of(audience, days)
    context = {"audience": audience, "page": page, "report": page.report, "tabs": tabs}
    return render(request, "audiences/audience_detail.html", context)


@workspace_view(Verb.OPERATE)
@require_POST
def drift_known(request: WorkspaceRequest, pk: int, drift: int) -> HttpResponse:
    """A person knows what changed at Pinterest."""
    audience = _audience(request, pk)
    found = get_object_or_404(Drift.objects.select_related("audience__workspace"), audience=audience, pk=drift)
    if drifts.acknowledge(found, by=request.user, is_shared=request.POST.get("others") == "1"):
        messages.success(request, "Noted. What is at Pinterest now is taken as right from here on.")
    else:
        messages.info(request, "That was over already, so there was nothing to note.")
    return redirect("audiences:audience-detail", request.workspace.slug, audience.pk)


@workspace_view(Verb.OPERATE)
@require_POST
def audience_watch(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Tell again when others write to the list."""
    if drifts.watch_writes_again(_audience(request, pk), by=request.user):
        messages.success(request, "You are told again when another tool writes to this list.")
    else:
        messages.info(request, "You are told already when another tool writes to this list.")
    return redirect("audiences:audience-detail", request.workspace.slug, pk)


@workspace_view(Verb.OPERATE)
@require_POST
def audience_anew(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Have an audience made of the list again."""
    if drifts.make_anew(_audience(request, pk), by=request.user):
        messages.success(request, "A new audience is being made of the list. It gets a new ID: choose it in your ads.")
    else:
        messages.info(request, "The audience is there, so there was nothing to make.")
    return redirect("audiences:audience-detail", request.workspace.slug, pk)
