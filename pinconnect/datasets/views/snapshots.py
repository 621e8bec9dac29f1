"""Pages about one snapshot: what was found in it, how it is read, its broken rows, and deleting it."""

from __future__ import annotations

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.http import require_http_methods, require_safe

from pinconnect.datasets import services, wording
from pinconnect.datasets.forms import FormatForm
from pinconnect.datasets.models import Snapshot
from pinconnect.datasets.services.receiving import have_examined
from pinconnect.datasets.views.lookup import find_snapshot
from pinconnect.workspaces.access import WorkspaceRequest, workspace_view
from pinconnect.workspaces.roles import Verb


@workspace_view(Verb.VIEW)
@require_safe
def snapshot_detail(request: WorkspaceRequest, dataset_id: int, number: int) -> HttpResponse:
    snapshot = find_snapshot(request, dataset_id, number)
    context = {
        "snapshot": snapshot,
        "dataset": snapshot.dataset,
        "state": wording.state(snapshot),
        "refusal": wording.refusal(snapshot),
        "facts": wording.file_format(snapshot) if snapshot.ready_at else [],
        "broken": wording.broken(snapshot),
        "is_in_use": snapshot.pk in {current.pk for current in services.current_snapshots(snapshot.dataset)},
    }
    is_partial = getattr(request, "htmx", False)
    return render(request, "datasets/snapshot_live.html" if is_partial else "datasets/snapshot.html", context)


@workspace_view(Verb.OPERATE)
@require_http_methods(["GET", "POST"])
def snapshot_format(request: WorkspaceRequest, dataset_id: int, number: int) -> HttpResponse:
    """Correct how the file is read."""
    snapshot = find_snapshot(request, dataset_id, number)
    if snapshot.state not in {"ready", "refused"} or not snapshot.is_settled:
        messages.info(
            request, "This snapshot is being examined, or its rows are deleted: nothing can be corrected now."
        )
        return redirect(_address(request, snapshot))
    form = FormatForm(request.POST) if request.method == "POST" else FormatForm.for_snapshot(snapshot)
    if request.method == "POST" and form.is_valid():
        try:
            services.correct_format(snapshot, by=request.user, asked=form.asked())
        except services.NotNowError:
            messages.info(request, "Somebody else has just corrected this snapshot. Look at what they chose.")
        else:
            have_examined(snapshot)
        return redirect(_address(request, snapshot))
    context = {"snapshot": snapshot, "dataset": snapshot.dataset, "form": form, "refusal": wording.refusal(snapshot)}
    return render(request, "datasets/format.html", context)


@workspace_view(Verb.VIEW)
@require_safe
def broken_rows(request: WorkspaceRequest, dataset_id: int, number: int) -> HttpResponseBase:
    """The masked list of broken rows as a CSV."""
    snapshot = find_snapshot(request, dataset_id, number)
    if not snapshot.broken_rows_name or not default_storage.exists(snapshot.broken_rows_name):
        raise Http404("There is no list of broken rows.")
    name = f"broken-rows-{dataset_id}-{number}.csv"
    return FileResponse(
        default_storage.open(snapshot.broken_rows_name),
        as_attachment=True,
        filename=name,
        content_type="text/csv; charset=utf-8",
    )


@workspace_view(Verb.OPERATE)
@require_http_methods(["GET", "POST"])
def snapshot_delete(request: WorkspaceRequest, dataset_id: int, number: int) -> HttpResponse:
    snapshot = find_snapshot(request, dataset_id, number)
    address = resolve_url("datasets:detail", workspace=request.workspace.slug, dataset_id=dataset_id)
    if request.method == "POST":
        if services.delete_snapshot(snapshot, by=request.user):
            messages.success(request, f"The rows of snapshot {number} are deleted.")
        return redirect(address)
    if snapshot.state == "deleted":
        return redirect(address)
    context = {
        "title": f"Delete snapshot {number} of {snapshot.dataset}?",
        "body": "The uploaded file is deleted for good, with everything made from it. Its counts stay in the history.",
        "consequences": services.consequences_of_deleting(snapshot),
        "confirm_label": "Delete these rows",
        "cancel_url": _address(request, snapshot),
    }
    return render(request, "components/confirm.html", context)


def _address(request: WorkspaceRequest, snapshot: Snapshot) -> str:
    return resolve_url(
        "datasets:snapshot-detail",
        workspace=request.workspace.slug,
        dataset_id=snapshot.dataset_id,
        number=snapshot.number,
    )
