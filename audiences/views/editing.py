"""The page on which a published delivery is changed."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from audiences.edit_form import EditPage
from audiences.models import Delivery, Run
from audiences.services.refusals import ServiceRefusal
from audiences.states import DeliveryState
from pinconnect.web.stamps import stamp_of
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb

_CHANGED_MEANWHILE = "Somebody has changed this delivery or its audience meanwhile. Load the page again and look first."


@workspace_view(Verb.OPERATE)
@require_http_methods(["GET", "POST"])
def delivery_edit(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Name, mode, columns and audience; what is changed counts from the next run on.

    POST: seen, the stamp of what the form was filled with; if something else is stored by now, nothing is saved.
    """
    found = Delivery.objects.for_workspace(request.workspace).select_related(
        "dataset", "profile", "standby", "audience__ad_account", "workspace"
    )
    delivery = get_object_or_404(found, pk=pk)
    if delivery.state == DeliveryState.DRAFT:
        return redirect("audiences:delivery-setup", request.workspace.slug, delivery.pk, "basics")
    if delivery.state == DeliveryState.ARCHIVED:
        return leave_archived(request, delivery)
    # Before the form reads the columns: if somebody saves between the two, the form is refused rather than trusted.
    stored = stamp(delivery)
    page = EditPage(request.POST if request.method == "POST" else None, delivery)
    # Once refused, it stays as sent: the form still holds old values until the page is loaded again.
    seen = request.POST.get("seen", "") if request.method == "POST" else stored
    if request.method == "POST" and page.is_valid() and seen != stored:
        page.refuse(_CHANGED_MEANWHILE)
    elif request.method == "POST" and page.is_valid():
        try:
            said = page.save(by=request.user)
        except ServiceRefusal as refusal:
            page.refuse(refusal.sentence)
            if refusal.code == "rest_is_saved":
                # This very form has made the difference, so it must not be in the way of the next try.
                seen = stamp(found.get(pk=pk))
        else:
            messages.success(request, said)
            return redirect("audiences:delivery-detail", request.workspace.slug, delivery.pk)
    active = Run.objects.active().filter(audience=delivery.audience, is_dry_run=False).first()
    context = {"delivery": delivery, "active_run": active, "seen": seen, **page.context()}
    return render(request, "audiences/delivery_edit.html", context)


def stamp(delivery: Delivery) -> str:
    """Changes when anything does that the form shows."""
    audience = delivery.audience
    columns = delivery.columns.order_by("column").values_list("column", "kind", "treatment", "default_country")
    shown = [
        [delivery.name, delivery.mode, delivery.hold_share, delivery.hold_add_share],
        [audience.audience_name, audience.description] if audience else [],
        [list(column) for column in columns],
    ]
    return stamp_of(shown)


def leave_archived(request: WorkspaceRequest, delivery: Delivery) -> HttpResponse:
    """Lead from a page that changes deliveries to the one that shows them, and say why."""
    messages.info(request, f"“{delivery.name}” is archived, so it stays as it is.")
    detail = resolve_url("audiences:delivery-detail", request.workspace.slug, delivery.pk)
    # A plain redirect would put the whole page in the place of the part that was asked for.
    return HttpResponseClientRedirect(detail) if request.htmx else redirect(detail)
