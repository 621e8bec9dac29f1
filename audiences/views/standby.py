"""The page on which the standby profile of a delivery is chosen."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from audiences.forms import StandbyForm
from audiences.models import Delivery
from audiences.services import standby_choice
from audiences.services.refusals import ServiceRefusal
from audiences.states import DeliveryState
from audiences.views.editing import leave_archived
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb


@workspace_view(Verb.OPERATE)
@require_http_methods(["GET", "POST"])
def delivery_standby(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """POST: standby, the number of a profile, or empty for none."""
    found = Delivery.objects.for_workspace(request.workspace).exclude(state=DeliveryState.DRAFT)
    delivery = get_object_or_404(found.select_related("profile", "standby", "audience__ad_account"), pk=pk)
    if delivery.state == DeliveryState.ARCHIVED:
        return leave_archived(request, delivery)
    profiles = standby_choice.choices(delivery)
    form = StandbyForm(request.POST or None, profiles=profiles, initial={"standby": delivery.standby_id})
    if request.method == "POST" and form.is_valid():
        try:
            standby_choice.set_standby(delivery, by=request.user, profile=form.cleaned_data["standby"])
        except ServiceRefusal as refusal:
            form.add_error("standby", refusal.sentence)
        else:
            messages.success(request, _said(form.cleaned_data["standby"]))
            return redirect("audiences:delivery-detail", request.workspace.slug, delivery.pk)
    return render(request, "audiences/standby.html", {"delivery": delivery, "form": form, "profiles": profiles})


def _said(profile: object) -> str:
    if profile is None:
        return "This delivery has no standby profile now. It pauses when Pinterest refuses its profile."
    return f"{profile} stands by: it takes over when Pinterest refuses the first profile, and hands back afterwards."
