"""The page on which the rows that a published delivery takes are chosen."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from audiences.filtering.editor import Editor
from audiences.models import Delivery
from audiences.services import filters
from audiences.services.refusals import ServiceRefusal
from audiences.states import DeliveryState
from audiences.views.editing import leave_archived
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb


@workspace_view(Verb.OPERATE)
@require_http_methods(["GET", "POST"])
def delivery_rows(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """POST: do says what: save, preview, or to add or remove a condition, which only changes the form."""
    found = Delivery.objects.for_workspace(request.workspace).exclude(state=DeliveryState.DRAFT)
    delivery = get_object_or_404(found.select_related("dataset"), pk=pk)
    if delivery.state == DeliveryState.ARCHIVED:
        return leave_archived(request, delivery)
    editor = Editor(delivery, request.POST if request.method == "POST" else None)
    if request.method == "POST" and editor.wants_save and editor.is_valid():
        try:
            filters.set_filter(delivery, by=request.user, row_filter=editor.result(), seen=editor.seen)
        except ServiceRefusal as refusal:
            editor.problem = refusal.sentence
        else:
            messages.success(
                request, "Saved. The next run takes these rows; a run under way keeps those it began with."
            )
            return redirect("audiences:delivery-detail", request.workspace.slug, delivery.pk)
    template = "filter_form.html" if request.headers.get("HX-Request") else "delivery_rows.html"
    return render(request, f"audiences/{template}", {"delivery": delivery, "editor": editor})
