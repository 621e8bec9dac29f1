"""The page of a run: live progress, the whole accounting, and what a person may decide."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audiences import files
from audiences.models import Run
from audiences.reports import run as run_report
from audiences.services import runs
from audiences.states import DeliveryState, RunState
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb

BATCHES_PER_PAGE = 50
_STAYS_ON = "What Pinterest has already accepted stays on the list and is counted. The rest is not sent."
_STAYS_OUT = "Whoever Pinterest has already taken out stays out and is counted. The rest stays on the list."


def _run(request: WorkspaceRequest, pk: int) -> Run:
    found = Run.objects.for_workspace(request.workspace).select_related(
        "delivery", "audience__ad_account", "delivery__dataset", "started_by"
    )
    return get_object_or_404(found, pk=pk)


@workspace_view(Verb.VIEW)
@require_GET
def run_detail(request: WorkspaceRequest, pk: int) -> HttpResponse:
    run = _run(request, pk)
    batches = Paginator(run.batches.all(), BATCHES_PER_PAGE).get_page(request.GET.get("page"))
    context = {"run": run, "delivery": run.delivery, "report": run_report.of(run), "batches": batches}
    template = "audiences/run_live.html" if request.headers.get("HX-Request") else "audiences/run_detail.html"
    return render(request, template, context)


@workspace_view(Verb.VIEW)
@require_GET
def run_rejects(request: WorkspaceRequest, pk: int) -> FileResponse:
    """The masked list of what was refused, as a file."""
    run = _run(request, pk)
    stored = files.open_rejects(run)
    if stored is None:
        raise Http404("This run kept no list of refused values.")
    name = f"run-{run.pk}-refused.csv"
    return FileResponse(stored, as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")


@workspace_view(Verb.OPERATE)
@require_http_methods(["GET", "POST"])
def run_cancel(request: WorkspaceRequest, pk: int) -> HttpResponse:
    run = _run(request, pk)
    if request.method == "GET":
        context = {
            "title": f"Cancel run {run.number} of “{run.delivery}”?",
            "body": _STAYS_OUT if run.is_removal else _STAYS_ON,
            "consequences": ("The next run sends what is then still to be done.",),
            "confirm_label": "Cancel the run",
            "cancel_label": "Let it run",
            "cancel_url": reverse("audiences:run-detail", args=[request.workspace.slug, run.pk]),
        }
        return render(request, "components/confirm.html", context)
    if runs.cancel(run, by=request.user):
        messages.success(request, "The run stops. What Pinterest has already accepted stays counted as sent.")
    else:
        messages.info(request, "The run had already finished, so there was nothing to cancel.")
    return redirect("audiences:run-detail", request.workspace.slug, run.pk)


@workspace_view(Verb.OPERATE)
@require_POST
def run_decide(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Approve or reject a run that is held."""
    run = _run(request, pk)
    decide = runs.approve if request.POST.get("decision") == "approve" else runs.reject
    if run.state == RunState.HELD and decide(run, by=request.user):
        run.refresh_from_db()
        when = "once the delivery is resumed" if run.delivery.state == DeliveryState.PAUSED else "now"
        said = f"approved: it goes on {when}" if decide is runs.approve else "rejected: nothing was sent"
        messages.success(request, f"Run {run.number} is {said}.")
    else:
        messages.info(request, "This run no longer waits for a decision.")
    return redirect("audiences:run-detail", request.workspace.slug, run.pk)
