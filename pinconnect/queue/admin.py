"""What admins see of the queue's own rows: to read only. django-q2's own pages are tamed in workspaces."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from pinconnect.queue.models import RateLimit, Reconciler, WorkerBeat


class ReadOnly(admin.ModelAdmin):
    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Reconciler)
class ReconcilerAdmin(ReadOnly):
    list_display = ["name", "ran_at", "due_at", "error"]
    list_filter = ["error"]
    search_fields = ["name"]


@admin.register(RateLimit)
class RateLimitAdmin(ReadOnly):
    list_display = ["key", "used_until", "blocked_until"]
    no_filter_reason = "Its times are numbers that differ from row to row; the key can be searched."
    search_fields = ["key"]


@admin.register(WorkerBeat)
class WorkerBeatAdmin(ReadOnly):
    list_display = ["host", "cluster", "seen_at"]
    list_filter = ["cluster"]
    search_fields = ["host"]
