"""The page of open and resolved alerts."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render

from pinconnect.alerts import services, wording
from pinconnect.alerts.models import Alert
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb

RESOLVED_PER_PAGE = 25


@workspace_view(Verb.VIEW)
def alert_list(request: WorkspaceRequest) -> HttpResponse:
    resolved = Alert.objects.for_workspace(request.workspace).resolved().select_related("workspace")
    page = Paginator(resolved, RESOLVED_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "open_alerts": services.open_alerts(request.workspace),
        "page": page,
        "resolved_alerts": wording.render_all(page.object_list),
    }
    return render(request, "alerts/alert_list.html", context)
