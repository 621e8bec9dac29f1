"""The audit log of a workspace."""

from datetime import datetime, time, timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.forms import AuditFilterForm
from pinconnect.workspaces.models import AuditEvent
from pinconnect.workspaces.querysets import AuditQuerySet
from pinconnect.workspaces.roles import Verb
from pinconnect.workspaces.views.tabs import settings_tabs

PER_PAGE = 50


@workspace_view(Verb.ADMINISTER)
@require_safe
def audit_log(request: WorkspaceRequest) -> HttpResponse:
    form = AuditFilterForm(request.GET or None, workspace=request.workspace)
    events = AuditEvent.objects.for_workspace(request.workspace)
    if form.is_bound:
        # What is wrong is said at its field; what is right still filters.
        form.is_valid()
        events = _filtered(events, getattr(form, "cleaned_data", {}))
    page = Paginator(events, PER_PAGE).get_page(request.GET.get("page"))
    is_filtered = any(request.GET.get(name) for name in form.fields)
    tabs = settings_tabs(request, "audit")
    context = {"form": form, "page": page, "is_filtered": is_filtered, "tabs": tabs}
    return render(request, "workspaces/audit.html", context)


def _filtered(events: AuditQuerySet, wanted: dict[str, Any]) -> AuditQuerySet:
    if text := wanted.get("text"):
        events = events.filter(Q(object_label__icontains=text) | Q(verb__icontains=text) | Q(object_id=text))
    if who := wanted.get("who"):
        events = events.filter(actor_label=who)
    if about := wanted.get("about"):
        events = events.filter(verb__startswith=f"{about}.")
    if since := wanted.get("since"):
        events = events.filter(at__gte=_midnight(since))
    if until := wanted.get("until"):
        events = events.filter(at__lt=_midnight(until + timedelta(days=1)))
    return events


def _midnight(day: Any) -> datetime:
    """The day's beginning in the workspace's zone."""
    return timezone.make_aware(datetime.combine(day, time.min))
