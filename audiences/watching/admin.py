"""What Pinterest said about lists, and what changed there without us, for operators."""

from django.contrib import admin

from audiences.models import Drift, Observation
from pinconnect.workspaces.admin_base import ReadOnlyAdmin


@admin.register(Observation)
class ObservationAdmin(ReadOnlyAdmin):
    list_display = ("audience", "asked_at", "list_state", "audience_state", "size", "num_batches", "foreign_calls")
    list_filter = ("list_state", "audience_state", "doubt", "asked_at")
    search_fields = ("audience__name", "audience__customer_list_id")
    list_select_related = ("audience",)
    show_full_result_count = False


@admin.register(Drift)
class DriftAdmin(ReadOnlyAdmin):
    list_display = ("audience", "kind", "found_at", "last_seen_at", "ended_at", "ending", "known_by")
    list_filter = ("kind", "ending", "found_at")
    search_fields = ("audience__name", "audience__customer_list_id")
    list_select_related = ("audience", "known_by")
