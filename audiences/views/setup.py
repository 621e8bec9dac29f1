"""The guided set-up of a delivery: one step a page, a draft that is kept, a review before anything is sent."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from audiences import setup_counted, setup_step, setup_steps
from audiences.forms import BasicsForm
from audiences.models import Delivery
from audiences.services import deliveries, drafts, runs
from audiences.services.refusals import ServiceRefusal
from audiences.states import DeliveryState
from pinconnect.datasets.models import Dataset, SnapshotState
from pinconnect.lib.texts import row_number
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.models import Workspace
from pinconnect.workspaces.roles import Verb


@dataclass(frozen=True)
class StepLink:
    """One entry of the row of steps at the top. state: done, current or todo; url: empty where one may not go yet."""

    label: str
    state: str
    url: str


def deliverable_datasets(workspace: Workspace) -> Any:
    """Datasets with at least one ready snapshot."""
    found = Dataset.objects.for_workspace(workspace).filter(archived_at=None)
    return found.filter(snapshots__state=SnapshotState.READY).distinct()


@workspace_view(Verb.OPERATE)
@require_http_methods(["GET", "POST"])
def delivery_create(request: WorkspaceRequest) -> HttpResponse:
    """The first step; the draft begins when it is saved."""
    datasets = deliverable_datasets(request.workspace)
    chosen = datasets.filter(pk=row_number(request.GET.get("dataset", ""))).first()
    initial = {"dataset": chosen, "name": str(chosen or "")}
    form = BasicsForm(
        request.POST or None, instance=Delivery(workspace=request.workspace), datasets=datasets, initial=initial
    )
    if request.method == "POST" and form.is_valid():
        draft = drafts.create_draft(workspace=request.workspace, by=request.user, **setup_steps.basics_of(form))
        return redirect("audiences:delivery-setup", request.workspace.slug, draft.pk, "profile")
    context = {
        "form": form,
        "steps": _links(request, None, "basics"),
        "step": "basics",
        "has_datasets": datasets.exists(),
    }
    return render(request, "audiences/setup_basics.html", context)


@workspace_view(Verb.OPERATE)
@require_http_methods(["GET", "POST"])
def delivery_setup(request: WorkspaceRequest, pk: int, step: str) -> HttpResponse:
    """One later step of a draft: shown on GET, saved on POST, then on to the next."""
    delivery = _delivery(request, pk)
    if step not in setup_steps.STEPS:
        raise Http404("No such step.")
    if delivery.state != DeliveryState.DRAFT:
        # Somebody went back after publishing, or has the step open in a second tab.
        messages.info(request, f"“{delivery.name}” is published, so its set-up is finished.")
        return redirect("audiences:delivery-detail", request.workspace.slug, delivery.pk)
    page = setup_steps.STEPS[step](delivery, request)
    if page.comes_after:
        label = setup_step.LABELS[page.comes_after]
        messages.info(request, f"Choose the {label[0].lower()}{label[1:]} first.")
        return redirect("audiences:delivery-setup", request.workspace.slug, delivery.pk, page.comes_after)
    if request.method == "POST" and page.is_valid():
        try:
            page.save(by=request.user)
        except ServiceRefusal as refusal:
            page.refuse(refusal.sentence)
        else:
            following = setup_step.after(step) if page.leads_on else step
            return redirect("audiences:delivery-setup", request.workspace.slug, delivery.pk, following)
    is_part = bool(request.headers.get("HX-Request") and page.live_template)
    context = {
        "delivery": delivery,
        "steps": [] if is_part else _links(request, delivery, step),
        "step": step,
        "previous": setup_step.before(step),
        **page.context(),
    }
    return render(request, page.live_template if is_part else page.template, context)


@workspace_view(Verb.OPERATE)
@require_POST
def delivery_publish(request: WorkspaceRequest, pk: int) -> HttpResponse:
    delivery = get_object_or_404(Delivery.objects.for_workspace(request.workspace), pk=pk)
    try:
        run = deliveries.publish(delivery, by=request.user)
    except ServiceRefusal as refusal:
        first = delivery.runs.filter(is_dry_run=False).order_by("pk").first()
        if refusal.code == "not_a_draft" and first is not None:
            # Pressed twice, or in two tabs: what was wanted has happened.
            messages.info(request, f"“{delivery.name}” is published already. This is its first run.")
            return redirect("audiences:run-detail", request.workspace.slug, first.pk)
        messages.error(request, refusal.sentence)
        return redirect("audiences:delivery-detail", request.workspace.slug, delivery.pk)
    messages.success(request, f"“{delivery.name}” is published, and its first run has begun.")
    return redirect("audiences:run-detail", request.workspace.slug, run.pk)


def _delivery(request: WorkspaceRequest, pk: int) -> Delivery:
    found = Delivery.objects.for_workspace(request.workspace).select_related(
        "dataset", "profile", "audience__ad_account"
    )
    return get_object_or_404(found, pk=pk)


def _links(request: WorkspaceRequest, delivery: Delivery | None, current: str) -> list[StepLink]:
    """A step can be gone to when no step before it lacks anything, and is ticked once nothing of it is to be done."""
    missing = set(drafts.missing_steps(delivery)) if delivery else set(setup_step.LABELS)
    unseen = _unseen(delivery, current, missing) if delivery else set()
    links, is_reachable = [], delivery is not None
    for slug, label in setup_step.LABELS.items():
        is_done = slug not in missing and slug != "review"
        state = "current" if slug == current else "done" if is_done and slug not in unseen else "todo"
        args = [request.workspace.slug, delivery.pk, slug] if delivery else []
        links.append(StepLink(label, state, reverse("audiences:delivery-setup", args=args) if is_reachable else ""))
        is_reachable = is_reachable and is_done
    return links


def _unseen(delivery: Delivery, current: str, missing: set[str]) -> set[str]:
    """Steps that lack nothing and yet are not done: rows that nobody has come to, data that was not examined."""
    slugs = list(setup_step.LABELS)
    is_past = slugs.index(current) > slugs.index("rows")
    # All rows are taken unless somebody filters.
    is_filtered = is_past or delivery.row_filter or delivery.columns.exists()
    is_examined = not missing and setup_counted.is_examined(runs.current_dry_run(delivery))
    return {slug for slug, is_seen in (("rows", is_filtered), ("doctor", is_examined)) if not is_seen}
