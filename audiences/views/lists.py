"""Reading the customer lists of an ad account while a delivery is set up."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from audiences import setup_audience
from audiences.models import Delivery, ListedList
from audiences.services import drafts, listing
from audiences.services.refusals import ServiceRefusal
from audiences.states import DeliveryState
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb


@workspace_view(Verb.OPERATE)
@require_POST
def delivery_lists_read(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Ask Pinterest for the lists of the draft's ad account, or go on where the last reading stopped."""
    found = Delivery.objects.for_workspace(request.workspace).select_related("profile", "audience__ad_account")
    delivery = get_object_or_404(found, pk=pk)
    if delivery.state != DeliveryState.DRAFT:
        return redirect("audiences:delivery-detail", request.workspace.slug, delivery.pk)
    try:
        _read(request, delivery)
    except ServiceRefusal as refusal:
        messages.error(request, refusal.sentence)
    step = reverse("audiences:delivery-setup", args=[request.workspace.slug, delivery.pk, "audience"])
    return redirect(f"{step}?from={setup_audience.PINTEREST}")


def _read(request: WorkspaceRequest, delivery: Delivery) -> None:
    if delivery.audience is None or delivery.profile is None:
        raise ServiceRefusal("no_ad_account")
    account = delivery.audience.ad_account
    drafts.check_target(delivery.profile, account)
    read = listing.read(account, delivery.profile)
    number = ListedList.objects.filter(ad_account=account).count()
    if not read.is_reading:
        messages.success(request, f"Pinterest has {number:,} customer list{'' if number == 1 else 's'} here.")
