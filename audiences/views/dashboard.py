"""The first page of a workspace: what needs a person, what is running, and what to do next."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from audiences.reports import overview
from pinconnect.alerts.services import open_alerts
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb


@workspace_view(Verb.VIEW)
@require_GET
def dashboard(request: WorkspaceRequest) -> HttpResponse:
    found = overview.of(request.workspace)
    context = {"overview": found, "alerts": open_alerts(request.workspace)}
    return render(request, "audiences/dashboard.html", context)
