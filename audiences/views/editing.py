"""The page on which a published delivery is changed."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from audiences.edit_form import EditPage
from audiences.models import Delivery, Run
from audiences.services.refusals import ServiceRefusal
from audiences.states import DeliveryState
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb


@workspace_view(Verb.OPERATE)
@require_http_methods(["GET", "POST"])
def delivery_edit(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Name, mode, columns and audience; what is changed counts from the next run on."""
    found = Delivery.objects.for_workspace(request.workspace).select_related(
        "dataset", "profile", "standby", "audience__ad_account", "workspace"
    )
    delivery = get_object_or_404(found, pk=pk)
    if delivery.state == DeliveryState.DRAFT:
        return redirect("audiences:delivery-setup", request.workspace.slug, delivery.pk, "basics")
    if delivery.state == DeliveryState.ARCHIVED:
        messages.info(request, f"“{delivery.name}” is archived, so it stays as it is.")
        return redirect("audiences:delivery-detail", request.workspace.slug, delivery.pk)
    page = EditPage(request.POST if request.method == "POST" else None, delivery)
    if request.method == "POST" and page.is_valid():
        try:
            said = page.save(by=request.user)
        except ServiceRefusal as refusal:
            page.refuse(refusal.sentence)
        else:
            messages.success(request, said)
            return redirect("audiences:delivery-detail", request.workspace.slug, delivery.pk)
    active = Run.objects.active().filter(audience=delivery.audience, is_dry_run=False).first()
    return render(
        request, "audiences/delivery_edit.html", {"delivery": delivery, "active_run": active, **page.context()}
    )
