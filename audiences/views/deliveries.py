"""Pages of deliveries: the list, one delivery, and the decisions about it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import OuterRef, Q, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audiences.models import Delivery, Mode, Run, Schedule, Trigger
from audiences.reports import audience as audience_report
from audiences.reports import calls as calls_report
from audiences.reports import lists as list_report
from audiences.services import deliveries, refilling, runs, sharing
from audiences.services.holding import MOST_REMOVED_UNMEASURED
from audiences.services.refusals import ServiceRefusal
from audiences.states import DeliveryState
from pinconnect.lib.texts import without_nul
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb

DELIVERIES_PER_PAGE = 25
RUNS_PER_PAGE = 20


def _delivery(request: WorkspaceRequest, pk: int) -> Delivery:
    found = Delivery.objects.for_workspace(request.workspace).select_related(
        "dataset", "profile", "standby", "audience__ad_account", "audience__workspace", "workspace", "created_by"
    )
    return get_object_or_404(found, pk=pk)


@workspace_view(Verb.VIEW)
@require_GET
def delivery_list(request: WorkspaceRequest) -> HttpResponse:
    search, state = without_nul(request.GET.get("q", "")).strip(), request.GET.get("state", "")
    found = Delivery.objects.for_workspace(request.workspace).select_related(
        "dataset", "audience__ad_account", "profile", "split"
    )
    found = found.together().filter(state=state) if state in DeliveryState.values else found.together().not_archived()
    if search:
        found = found.filter(
            Q(name__icontains=search) | Q(dataset__name__icontains=search) | Q(audience__name__icontains=search)
        )
    last_run = Run.objects.filter(delivery=OuterRef("pk"), is_dry_run=False).order_by("-pk")
    page = Paginator(found.annotate(last_run_id=Subquery(last_run.values("pk")[:1])), DELIVERIES_PER_PAGE).get_page(
        request.GET.get("page")
    )
    last_runs = Run.objects.in_bulk([delivery.last_run_id for delivery in page if delivery.last_run_id])
    for delivery in page:
        delivery.last_run = last_runs.get(delivery.last_run_id)
    context = {"page": page, "search": search, "state": state, "states": DeliveryState.choices}
    return render(request, "audiences/delivery_list.html", context)


@workspace_view(Verb.VIEW)
@require_GET
def delivery_detail(request: WorkspaceRequest, pk: int) -> HttpResponse:
    delivery = _delivery(request, pk)
    if delivery.state == DeliveryState.DRAFT:
        return redirect("audiences:delivery-setup", request.workspace.slug, delivery.pk, "basics")
    found = Paginator(delivery.runs.select_related("started_by"), RUNS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "delivery": delivery,
        "runs": found,
        "active_run": Run.objects.active().filter(delivery=delivery, is_dry_run=False).first(),
        "audience": audience_report.of(delivery.audience, delivery) if delivery.audience else None,
        "columns": delivery.columns.all(),
        "is_gone": refilling.is_gone(delivery.audience),
        "meaning": list_report.meaning(delivery.mode),
        "writers": sharing.writers(delivery),
        "fillers": sharing.fillers(delivery),
        "newest_errors": calls_report.newest_errors(delivery),
        "schedule": Schedule.objects.filter(delivery=delivery).first(),
        "most_unmeasured": MOST_REMOVED_UNMEASURED,
    }
    return render(request, "audiences/delivery_detail.html", context)


@workspace_view(Verb.OPERATE)
@require_POST
def delivery_run(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Run now, or try a dry run."""
    delivery = _delivery(request, pk)
    is_dry_run = request.POST.get("dry_run") == "1"
    trigger = Trigger.DRY_RUN if is_dry_run else Trigger.BY_HAND
    try:
        run = runs.start(delivery, by=request.user, trigger=trigger, is_dry_run=is_dry_run)
    except ServiceRefusal as refusal:
        messages.error(request, refusal.sentence)
        return redirect("audiences:delivery-detail", request.workspace.slug, delivery.pk)
    return redirect("audiences:run-detail", request.workspace.slug, run.pk)


@dataclass(frozen=True)
class Question:
    """A confirm page. body and done are str.format templates over the delivery's name."""

    title: str
    body: str
    consequences: tuple[str, ...]
    confirm_label: str
    done: str
    is_harmless: bool = False


PAUSE = Question(
    "Pause “{name}”?",
    "Nothing is sent while it is paused, not even by a run that is under way: that run waits.",
    (
        "The list and the audience on Pinterest stay as they are.",
        "When you resume, what changed goes out with the next run.",
    ),
    "Pause",
    "“{name}” is paused. Nothing is sent until you resume it.",
    is_harmless=True,
)
ARCHIVE = Question(
    "Archive “{name}”?",
    "An archived delivery never runs again, and it cannot be brought back. Its runs stay readable.",
    (
        "A new delivery can go on with the same list: PinConnect keeps knowing whom it has put there.",
        "The list and the audience on Pinterest stay as they are: ads that use them go on.",
        "A run that is under way stops.",
    ),
    "Archive",
    "“{name}” is archived. The list on Pinterest stays as it is.",
)
ARCHIVE_REMOVAL = replace(
    ARCHIVE,
    consequences=(
        "A new delivery can go on with the same list: PinConnect keeps knowing who was taken out.",
        *ARCHIVE.consequences[1:],
    ),
)
ARCHIVE_GONE = replace(
    ARCHIVE,
    consequences=("Its list is gone from Pinterest, so nothing changes there.", "A run that is under way stops."),
    done="“{name}” is archived.",
)
NEW_LIST = Question(
    "Make a new list for “{name}”?",
    "Pinterest no longer knows the customer list, and nobody can bring it back. A new list and a new audience are "
    "made, and everybody in the dataset is sent again.",
    (
        "Ads that used the old audience do not use the new one by themselves: choose it in Pinterest Ads Manager.",
        "Other deliveries into the old list go into the new one too.",
        "What was delivered to the old list stays readable in its runs.",
    ),
    "Make a new list and fill it",
    "“{name}” has a new list, which a run fills.",
    is_harmless=True,
)
DISCARD = Question(
    "Discard the draft “{name}”?",
    "It was never published, so nothing exists on Pinterest.",
    (),
    "Discard",
    "The draft “{name}” is gone.",
)


def _decide(
    request: WorkspaceRequest, delivery: Delivery, question: Question, act: Callable[..., object]
) -> HttpResponse:
    """Ask on GET, act on POST."""
    here = reverse("audiences:delivery-detail", args=[request.workspace.slug, delivery.pk])
    if request.method == "GET":
        context = {
            "title": question.title.format(name=delivery.name),
            "body": question.body,
            "consequences": question.consequences,
            "confirm_label": question.confirm_label,
            "is_harmless": question.is_harmless,
            "cancel_url": here,
        }
        return render(request, "components/confirm.html", context)
    try:
        act(delivery, by=request.user)
    except ServiceRefusal as refusal:
        messages.error(request, refusal.sentence)
        return redirect(here)
    messages.success(request, question.done.format(name=delivery.name))
    return redirect("audiences:delivery-list", request.workspace.slug) if question is DISCARD else redirect(here)


@workspace_view(Verb.OPERATE)
@require_http_methods(["GET", "POST"])
def delivery_pause(request: WorkspaceRequest, pk: int) -> HttpResponse:
    return _decide(request, _delivery(request, pk), PAUSE, deliveries.pause)


@workspace_view(Verb.OPERATE)
@require_POST
def delivery_resume(request: WorkspaceRequest, pk: int) -> HttpResponse:
    delivery = _delivery(request, pk)
    try:
        deliveries.resume(delivery, by=request.user)
    except ServiceRefusal as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(
            request, f"“{delivery.name}” is active again. What changed meanwhile goes out with its next run."
        )
    return redirect("audiences:delivery-detail", request.workspace.slug, delivery.pk)


@workspace_view(Verb.OPERATE)
@require_http_methods(["GET", "POST"])
def delivery_archive(request: WorkspaceRequest, pk: int) -> HttpResponse:
    delivery = _delivery(request, pk)
    return _decide(request, delivery, _archive_question(delivery), deliveries.archive)


def _archive_question(delivery: Delivery) -> Question:
    if delivery.state == DeliveryState.DRAFT:
        return DISCARD
    if refilling.is_gone(delivery.audience):
        return ARCHIVE_GONE
    return ARCHIVE_REMOVAL if delivery.mode == Mode.REMOVE else ARCHIVE


@workspace_view(Verb.OPERATE)
@require_http_methods(["GET", "POST"])
def delivery_new_list(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """In the place of a list that is gone from Pinterest."""
    delivery = _delivery(request, pk)
    if not refilling.is_gone(delivery.audience):
        messages.info(request, f"The list of “{delivery.name}” is not gone, so there is no need for a new one.")
        return redirect("audiences:delivery-detail", request.workspace.slug, delivery.pk)
    return _decide(request, delivery, NEW_LIST, refilling.start_over)
