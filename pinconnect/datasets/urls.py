"""Addresses of the datasets app."""

from django.urls import path

from pinconnect.datasets.views import datasets, snapshots, uploads

app_name = "datasets"

_ALL = "w/<slug:workspace>/datasets/"
_ONE = f"{_ALL}<int:dataset_id>/"
_SNAPSHOT = f"{_ONE}snapshots/<int:number>/"

urlpatterns = [
    path(_ALL, datasets.dataset_list, name="list"),
    path(f"{_ALL}new/", uploads.dataset_create, name="create"),
    path(_ONE, datasets.dataset_detail, name="detail"),
    path(f"{_ONE}edit/", datasets.dataset_edit, name="edit"),
    path(f"{_ONE}archive/", datasets.dataset_archive, name="archive"),
    path(f"{_ONE}restore/", datasets.dataset_restore, name="restore"),
    path(f"{_ONE}upload/", uploads.snapshot_upload, name="upload"),
    path(_SNAPSHOT, snapshots.snapshot_detail, name="snapshot-detail"),
    path(f"{_SNAPSHOT}format/", snapshots.snapshot_format, name="snapshot-format"),
    path(f"{_SNAPSHOT}broken-rows/", snapshots.broken_rows, name="snapshot-broken-rows"),
    path(f"{_SNAPSHOT}delete/", snapshots.snapshot_delete, name="snapshot-delete"),
]
