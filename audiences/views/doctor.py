"""The data doctor's page of a delivery: what looks wrong in the data that its next run would read."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from audiences.models import Delivery, Run, Trigger
from audiences.reports import run as run_report
from audiences.services import runs
from audiences.services.refusals import ServiceRefusal
from audiences.states import RUN_ACTIVE, RunState
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb


def _delivery(request: WorkspaceRequest, pk: int) -> Delivery:
    return get_object_or_404(Delivery.objects.for_workspace(request.workspace).select_related("dataset"), pk=pk)


@workspace_view(Verb.VIEW)
@require_GET
def delivery_doctor(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """The findings of the newest dry run; while one is under way, where it is."""
    delivery = _delivery(request, pk)
    dry_runs = Run.objects.filter(delivery=delivery, is_dry_run=True).select_related("delivery").order_by("-pk")
    newest = dry_runs.first()
    active = newest if newest is not None and newest.state in RUN_ACTIVE else None
    examined = dry_runs.filter(state=RunState.DONE).first()
    context = {
        "delivery": delivery,
        "newest": newest,
        "active": active,
        "report": run_report.of(active) if active else None,
        "examined": examined,
        "is_current": examined is not None and runs.is_current(examined),
    }
    template = "doctor_live.html" if request.headers.get("HX-Request") else "doctor.html"
    return render(request, f"audiences/{template}", context)


@workspace_view(Verb.OPERATE)
@require_POST
def delivery_examine(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Examine the data as it is now, by a dry run, which sends nothing."""
    delivery = _delivery(request, pk)
    try:
        runs.start(delivery, by=request.user, trigger=Trigger.DRY_RUN, is_dry_run=True)
    except ServiceRefusal as refusal:
        messages.error(request, refusal.sentence)
    return redirect("audiences:delivery-doctor", request.workspace.slug, delivery.pk)
