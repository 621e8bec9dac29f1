"""Finding what a page is about, inside the workspace: anything else is 404."""

from django.shortcuts import get_object_or_404

from pinconnect.datasets.models import Dataset, Snapshot
from pinconnect.workspaces.access import WorkspaceRequest


def find_dataset(request: WorkspaceRequest, dataset_id: int) -> Dataset:
    return get_object_or_404(Dataset.objects.for_workspace(request.workspace), pk=dataset_id)


def find_snapshot(request: WorkspaceRequest, dataset_id: int, number: int) -> Snapshot:
    snapshots = Snapshot.objects.for_workspace(request.workspace).exclude(state="receiving")
    return get_object_or_404(snapshots.select_related("dataset", "created_by"), dataset=dataset_id, number=number)
