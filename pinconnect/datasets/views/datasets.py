"""Pages about datasets: the list, one of them, its name, and archiving."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pinconnect.datasets import services, wording
from pinconnect.datasets.forms import NAME_TAKEN, DatasetForm
from pinconnect.datasets.models import Dataset, Snapshot
from pinconnect.datasets.views.lookup import find_dataset
from pinconnect.lib.texts import without_nul
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb

PER_PAGE = 50
SNAPSHOTS_SHOWN = 100


@workspace_view(Verb.VIEW)
@require_safe
def dataset_list(request: WorkspaceRequest) -> HttpResponse:
    search = without_nul(request.GET.get("q", "")).strip()
    is_archive = request.GET.get("state") == "archived"
    found = Dataset.objects.for_workspace(request.workspace).matching(search).with_contents()
    found = found.filter(archived_at__isnull=not is_archive)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "datasets/list.html", {"page": page, "search": search, "is_archive": is_archive})


@workspace_view(Verb.VIEW)
@require_safe
def dataset_detail(request: WorkspaceRequest, dataset_id: int) -> HttpResponse:
    dataset = find_dataset(request, dataset_id)
    template = "datasets/detail_live.html" if getattr(request, "htmx", False) else "datasets/detail.html"
    return render(request, template, _contents(dataset))


@workspace_view(Verb.OPERATE)
@require_http_methods(["GET", "POST"])
def dataset_edit(request: WorkspaceRequest, dataset_id: int) -> HttpResponse:
    dataset = find_dataset(request, dataset_id)
    form = DatasetForm(request.POST or None, instance=Dataset.objects.get(pk=dataset.pk), workspace=request.workspace)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_dataset(dataset, by=request.user, **form.cleaned_data)
        except services.NameTakenError:
            form.add_error("name", NAME_TAKEN)
        else:
            return _to(request, dataset)
    return render(request, "datasets/edit.html", {"dataset": dataset, "form": form})


@workspace_view(Verb.OPERATE)
@require_http_methods(["GET", "POST"])
def dataset_archive(request: WorkspaceRequest, dataset_id: int) -> HttpResponse:
    dataset = find_dataset(request, dataset_id)
    if request.method == "POST":
        if services.archive(dataset, by=request.user):
            messages.success(request, f"{dataset} is archived.")
        return redirect("datasets:list", workspace=request.workspace.slug)
    context = {
        "title": f"Archive {dataset}?",
        "body": "It leaves the lists, and nothing can be added to it. You can restore it from the archive.",
        "consequences": services.consequences_of_archiving(),
        "confirm_label": "Archive this dataset",
        "cancel_url": _address(request, dataset),
    }
    return render(request, "components/confirm.html", context)


@workspace_view(Verb.OPERATE)
@require_POST
def dataset_restore(request: WorkspaceRequest, dataset_id: int) -> HttpResponse:
    dataset = find_dataset(request, dataset_id)
    try:
        if services.restore(dataset, by=request.user):
            messages.success(request, f"{dataset} is back.")
    except services.NameTakenError:
        messages.error(
            request, f"Another dataset is called {dataset} by now. Rename or archive that one first, then restore this."
        )
    return _to(request, dataset)


def _contents(dataset: Dataset) -> dict[str, Any]:
    """Everything the page about a dataset shows."""
    snapshots = list(
        Snapshot.objects.filter(dataset=dataset)
        .exclude(state="receiving")
        .select_related("created_by")[:SNAPSHOTS_SHOWN]
    )
    in_use = services.current_snapshots(dataset)
    used = {snapshot.pk for snapshot in in_use}
    newest = in_use[-1] if in_use else None
    latest = next((snapshot for snapshot in snapshots if snapshot.state != "deleted"), None)
    columns = wording.columns(list(dataset.columns.all()), newest) if newest else []
    return {
        "dataset": dataset,
        "snapshots": [(snapshot, wording.state(snapshot), snapshot.pk in used) for snapshot in snapshots],
        "in_use": in_use,
        "newest": newest,
        "latest": latest,
        "refusal": wording.refusal(latest) if latest else None,
        "refused_title": wording.refused_title(latest) if latest else "",
        "is_live": any(not snapshot.is_settled for snapshot in snapshots),
        "columns": columns,
        "usable": sum(1 for column in columns if column.kind),
        "rows": sum(snapshot.rows or 0 for snapshot in in_use),
        "broken": sum(snapshot.broken_rows or 0 for snapshot in in_use),
    }


def _to(request: WorkspaceRequest, dataset: Dataset) -> HttpResponse:
    return redirect(_address(request, dataset))


def _address(request: WorkspaceRequest, dataset: Dataset) -> str:
    return resolve_url("datasets:detail", workspace=request.workspace.slug, dataset_id=dataset.pk)
