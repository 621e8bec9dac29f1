"""What was asked of Pinterest for a run, and what it answered: live, searchable, and as a report for support.

Viewers see it too: nothing secret is in it, and who looks into a problem often may not change the delivery.
"""

import json

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from audiences.models import Call, CallKind, Run
from audiences.reports import calls as calls_report
from audiences.reports import support
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb


def _run(request: WorkspaceRequest, pk: int) -> Run:
    found = Run.objects.for_workspace(request.workspace).select_related("delivery", "audience__ad_account", "workspace")
    return get_object_or_404(found, pk=pk)


@workspace_view(Verb.VIEW)
@require_GET
def run_calls(request: WorkspaceRequest, pk: int) -> HttpResponse:
    run = _run(request, pk)
    context = {
        "run": run,
        "delivery": run.delivery,
        "page": calls_report.page_of(run, request.GET.dict()),
        "shown": calls_report.SHOWN,
        "kinds": CallKind.choices,
        "methods": calls_report.METHODS,
        "statuses": [(value, label) for value, (label, _) in calls_report.STATUSES.items()],
    }
    template = "audiences/calls_live.html" if request.headers.get("HX-Request") else "audiences/calls.html"
    return render(request, template, context)


@workspace_view(Verb.VIEW)
@require_GET
def run_call(request: WorkspaceRequest, pk: int, call: int) -> HttpResponse:
    """One call: the request and the answer side by side."""
    run = _run(request, pk)
    found = get_object_or_404(Call.objects.select_related("batch", "profile"), run=run, pk=call)
    context = {"run": run, "delivery": run.delivery, "call": found, "kinds_sent": calls_report.kinds_sent(run)}
    return render(request, "audiences/call.html", context)


@workspace_view(Verb.VIEW)
@require_GET
def run_report_json(request: WorkspaceRequest, pk: int) -> HttpResponse:
    run = _run(request, pk)
    text = json.dumps(support.of(run), indent=2, ensure_ascii=False)
    return HttpResponse(text, content_type="application/json", headers=_attached(f"run-{run.pk}-report.json"))


@workspace_view(Verb.VIEW)
@require_GET
def run_report_text(request: WorkspaceRequest, pk: int) -> HttpResponse:
    run = _run(request, pk)
    text = support.as_text(support.of(run))
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers=_attached(f"run-{run.pk}-report.txt"))


def _attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
