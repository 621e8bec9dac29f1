"""The page on which a person says when a delivery runs by itself."""

from typing import Any
from zoneinfo import ZoneInfoNotFoundError

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from audiences import rhythm
from audiences.forms_schedule import ScheduleForm
from audiences.models import Delivery, Schedule
from audiences.models.schedule import Rhythm
from audiences.reports import budget
from audiences.services import schedules
from audiences.states import DeliveryState
from audiences.views.editing import leave_archived
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb

SHOWN = 5


@workspace_view(Verb.OPERATE)
@require_http_methods(["GET", "POST"])
def delivery_schedule(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """POST: what needs more calls than the limit allows is saved only with confirm, the stamp of just these values."""
    found = Delivery.objects.for_workspace(request.workspace).select_related("dataset", "audience")
    delivery = get_object_or_404(found, pk=pk)
    if delivery.state == DeliveryState.ARCHIVED:
        return leave_archived(request, delivery)
    schedule = Schedule.objects.filter(delivery=delivery).first()
    form = ScheduleForm(request.POST or None, schedule=schedule, time_zone=request.workspace.time_zone)
    context: dict[str, Any] = {"delivery": delivery, "form": form, "schedule": schedule}
    if request.method == "POST" and form.is_valid():
        cost = budget.of(delivery, form.as_schedule())
        if not cost.is_over or request.POST.get("confirm") == form.stamp():
            return _save(request, delivery, form)
        # Times and cost of what is stored would say nothing about what was chosen.
        context |= {"budget": cost, "confirm": form.stamp()}
    else:
        context |= {"budget": budget.of(delivery, schedule), "upcoming": _upcoming(schedule)}
    return render(request, "audiences/delivery_schedule.html", context)


def _save(request: WorkspaceRequest, delivery: Delivery, form: ScheduleForm) -> HttpResponse:
    saved = schedules.change(delivery, form.wish(), by=request.user)
    said = "runs by itself from now on" if saved else "runs by hand from now on"
    messages.success(request, f"“{delivery.name}” {said}.")
    return redirect("audiences:delivery-detail", request.workspace.slug, delivery.pk)


def _upcoming(schedule: Schedule | None) -> list[object]:
    if schedule is None or schedule.due_at is None:
        return []
    times: list[object] = [schedule.due_at]
    if schedule.rhythm == Rhythm.CRON:
        start = max(schedule.due_at, timezone.now())
        try:
            times += rhythm.upcoming(schedule.cron, schedule.time_zone, after=start, count=SHOWN - 1)
        except ZoneInfoNotFoundError:
            # Choosing another zone is what this page is for.
            return []
    return times
