"""Datasets in the admin: to look up what happened; changes go through the services the pages use."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from pinconnect.datasets import services
from pinconnect.datasets.models import Column, Dataset, Snapshot
from pinconnect.datasets.services.receiving import have_examined
from pinconnect.workspaces.admin_base import ReadOnlyAdmin, WorkspaceOwnedAdmin


@admin.register(Dataset)
class DatasetAdmin(WorkspaceOwnedAdmin, ReadOnlyAdmin):
    list_display = ("name", "created_by", "created_at", "archived_at")
    list_filter = ("created_at", ("archived_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "description")
    list_select_related = ("created_by",)
    date_hierarchy = "created_at"
    actions = ("archive", "restore")

    @admin.action(description="Archive the chosen datasets", permissions=["act"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Dataset]) -> None:
        done = sum(services.archive(dataset, by=_person(request)) for dataset in queryset.select_related("workspace"))
        self.message_user(request, f"Archived: {done}.", messages.SUCCESS)

    @admin.action(description="Restore the chosen datasets", permissions=["act"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Dataset]) -> None:
        for dataset in queryset.select_related("workspace"):
            try:
                services.restore(dataset, by=_person(request))
            except services.NameTakenError:
                self.message_user(request, f"{dataset}: another dataset has this name by now.", messages.ERROR)


@admin.register(Column)
class ColumnAdmin(ReadOnlyAdmin):
    list_display = ("name", "dataset", "proposed_kind", "proposed_treatment", "confidence", "reason")
    list_filter = ("proposed_kind", "proposed_treatment")
    search_fields = ("name", "dataset__name")
    list_select_related = ("dataset",)


@admin.register(Snapshot)
class SnapshotAdmin(WorkspaceOwnedAdmin, ReadOnlyAdmin):
    list_display = (
        "dataset",
        "number",
        "state",
        "refusal",
        "rows",
        "broken_rows",
        "size_bytes",
        "created_at",
        "created_by",
    )
    list_filter = ("state", "mode", "refusal", "created_at")
    search_fields = ("dataset__name", "original_name", "sha256")
    list_select_related = ("dataset", "created_by")
    date_hierarchy = "created_at"
    actions = ("examine_again", "delete_rows")

    @admin.action(description="Examine the chosen snapshots again, as before", permissions=["act"])
    def examine_again(self, request: HttpRequest, queryset: QuerySet[Snapshot]) -> None:
        for snapshot in queryset.select_related("workspace", "dataset"):
            try:
                services.examine_again(snapshot, by=_person(request))
            except services.NotNowError:
                self.message_user(request, f"{snapshot} cannot be examined now.", messages.WARNING)
            else:
                have_examined(snapshot)

    @admin.action(description="Delete the rows of the chosen snapshots for good", permissions=["remove"])
    def delete_rows(self, request: HttpRequest, queryset: QuerySet[Snapshot]) -> None:
        snapshots = queryset.select_related("workspace", "dataset")
        done = sum(services.delete_snapshot(snapshot, by=_person(request)) for snapshot in snapshots)
        self.message_user(request, f"Deleted: {done}.", messages.SUCCESS)


def _person(request: HttpRequest) -> Any:
    return request.user
