"""What is kept about single people, for operators: states and counts, never an identifier."""

from django.contrib import admin

from audiences.models import Changes, Erasure, Removal, Tombstone
from pinconnect.workspaces.admin_base import ReadOnlyAdmin, WorkspaceOwnedAdmin


@admin.register(Changes)
class ChangesAdmin(ReadOnlyAdmin):
    list_display = ("audience", "folder", "entries", "created_at")
    list_filter = ("audience__workspace", "created_at")
    search_fields = ("audience__name", "audience__customer_list_id", "folder")
    list_select_related = ("audience",)


@admin.register(Erasure)
class ErasureAdmin(WorkspaceOwnedAdmin, ReadOnlyAdmin):
    list_display = ("id", "reference", "requested_by", "requested_at", "completed_at")
    list_filter = ("requested_at", "completed_at")
    search_fields = ("=id", "reference", "requested_by__email")
    list_select_related = ("requested_by",)


@admin.register(Removal)
class RemovalAdmin(ReadOnlyAdmin):
    list_display = ("erasure", "audience", "state", "waits_for", "attempts", "next_attempt_at", "acknowledged_at")
    list_filter = ("state", "waits_for")
    search_fields = ("=erasure__id", "audience__name", "audience__customer_list_id")
    list_select_related = ("erasure", "audience")


@admin.register(Tombstone)
class TombstoneAdmin(ReadOnlyAdmin):
    """Says that there is one, not for whom: a hash of an address can be guessed."""

    hidden = ("digest",)
    list_display = ("erasure", "wire_kind")
    list_filter = ("wire_kind",)
    search_fields = ("=erasure__id",)
    list_select_related = ("erasure",)
