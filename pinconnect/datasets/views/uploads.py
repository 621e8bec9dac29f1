"""Pages that take a file: a new dataset, and a further snapshot."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.http import require_http_methods

from pinconnect.datasets import services
from pinconnect.datasets.forms import NAME_TAKEN, CreateForm, UploadForm, sentence
from pinconnect.datasets.models import Dataset, Snapshot, WriteMode
from pinconnect.datasets.spooling import upload_view
from pinconnect.datasets.views.lookup import find_dataset
from pinconnect.workspaces.access import WorkspaceRequest

# The page's script says what it wants: "check" tries the other fields first, "send" wants an address and no redirect.
_HEADER = "X-Upload"


@upload_view
@require_http_methods(["GET", "POST"])
def dataset_create(request: WorkspaceRequest) -> HttpResponse:
    if request.method == "GET":
        return _page(request, "create", CreateForm(workspace=request.workspace))
    first = services.received_with(request.workspace.pk, request.POST.get("token", ""))
    if first:
        return _leave(request, first)
    is_check = request.headers.get(_HEADER) == "check"
    form = CreateForm(request.POST, request.FILES, workspace=request.workspace, is_check=is_check)
    if form.is_valid():
        if is_check:
            return HttpResponse(status=204)
        try:
            return _leave(request, _create(request, form))
        except services.UploadRefusedError as refused:
            form.add_error("file", sentence(refused))
        except services.NameTakenError:
            form.add_error("name", NAME_TAKEN)
    return _page(request, "create", form)


@upload_view
@require_http_methods(["GET", "POST"])
def snapshot_upload(request: WorkspaceRequest, dataset_id: int) -> HttpResponse:
    dataset = find_dataset(request, dataset_id)
    if dataset.archived_at:
        messages.warning(request, f"{dataset} is archived. Restore it before you add rows.")
        return redirect("datasets:detail", workspace=request.workspace.slug, dataset_id=dataset.pk)
    if request.method == "GET":
        return _page(request, "upload", UploadForm(), dataset)
    first = services.received_with(request.workspace.pk, request.POST.get("token", ""))
    if first:
        return _leave(request, first)
    is_check = request.headers.get(_HEADER) == "check"
    form = UploadForm(request.POST, request.FILES, is_check=is_check)
    if form.is_valid():
        if is_check:
            return HttpResponse(status=204)
        try:
            return _leave(request, _receive(request, dataset, form))
        except services.UploadRefusedError as refused:
            form.add_error("file", sentence(refused))
    return _page(request, "upload", form, dataset)


def _page(
    request: WorkspaceRequest, name: str, form: CreateForm | UploadForm, dataset: Dataset | None = None
) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "dataset": dataset, "keep_days": settings.SNAPSHOT_KEEP_DAYS}
    if dataset:
        context["columns"] = list(dataset.columns.all())
    # The script takes the form with its errors out of an answer of 422; a browser shows any page.
    status = 422 if form.is_bound and _HEADER in request.headers else 200
    return render(request, f"datasets/{name}.html", context, status=status)


def _create(request: WorkspaceRequest, form: CreateForm) -> Snapshot:
    said = form.cleaned_data
    try:
        return services.create_with_upload(
            request.workspace,
            by=request.user,
            name=said["name"],
            description=said["description"],
            file=said["file"].spooled,
            original_name=said["file"].name,
            token=said["token"] or None,
        )
    except services.AlreadyReceivedError as already:
        return already.snapshot


def _receive(request: WorkspaceRequest, dataset: Dataset, form: UploadForm) -> Snapshot:
    said = form.cleaned_data
    try:
        return services.receive_upload(
            dataset,
            by=request.user,
            file=said["file"].spooled,
            original_name=said["file"].name,
            mode=WriteMode(said["mode"]),
            token=said["token"] or None,
        )
    except services.AlreadyReceivedError as already:
        return already.snapshot


def _leave(request: WorkspaceRequest, snapshot: Snapshot) -> HttpResponse:
    """On to the dataset; the script is told the address, so that it is the browser that opens the page."""
    address = resolve_url("datasets:detail", workspace=request.workspace.slug, dataset_id=snapshot.dataset_id)
    if snapshot.state == "ready":
        messages.success(
            request, f"{snapshot.original_name} was read: {snapshot.rows:,} row{'' if snapshot.rows == 1 else 's'}."
        )
    if request.headers.get(_HEADER) == "send":
        return JsonResponse({"url": address})
    return redirect(address)
