"""Deliveries, runs and their batches for operators: everything is found, and what changes goes through the services."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from audiences.models import (
    Audience,
    Batch,
    Call,
    Delivery,
    DeliveryColumn,
    ListedList,
    Listing,
    Run,
    Schedule,
    Split,
    Trigger,
)
from audiences.services import deliveries, runs
from audiences.services.refusals import ServiceRefusal
from pinconnect.workspaces.admin_base import ReadOnlyAdmin, RecentValuesFilter, WorkspaceOwnedAdmin
from pinconnect.workspaces.models import User


@admin.register(Audience)
class AudienceAdmin(WorkspaceOwnedAdmin, ReadOnlyAdmin):
    list_display = ("name", "ad_account", "list_state", "audience_state", "size", "settled_at", "observed_at")
    list_filter = ("list_state", "audience_state", "is_existing")
    search_fields = ("name", "customer_list_id", "audience_id", "ad_account__pinterest_id", "ad_account__name")
    list_select_related = ("ad_account",)


class DeliveryColumnInline(admin.TabularInline):
    model = DeliveryColumn
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Delivery)
class DeliveryAdmin(WorkspaceOwnedAdmin, ReadOnlyAdmin):
    list_display = ("name", "state", "pause_reason", "mode", "scope", "dataset", "audience", "profile", "published_at")
    list_filter = ("state", "mode", "scope", "pause_reason")
    search_fields = ("name", "dataset__name", "audience__name", "audience__customer_list_id", "profile__username")
    list_select_related = ("dataset", "audience", "profile")
    inlines = (DeliveryColumnInline,)
    actions = ("run_now", "pause", "resume", "archive")

    @admin.action(description="Run now", permissions=["act"])
    def run_now(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        _each(request, queryset, lambda d, by: runs.start(d, by=by, trigger=Trigger.BY_HAND), "{count} runs started.")

    @admin.action(description="Pause", permissions=["act"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        _each(request, queryset, lambda delivery, by: deliveries.pause(delivery, by=by), "{count} paused.")

    @admin.action(description="Resume", permissions=["act"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        _each(request, queryset, lambda delivery, by: deliveries.resume(delivery, by=by), "{count} resumed.")

    @admin.action(description="Archive (a run under way is stopped)", permissions=["act"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        _each(request, queryset, lambda delivery, by: deliveries.archive(delivery, by=by), "{count} archived.")


@admin.register(DeliveryColumn)
class DeliveryColumnAdmin(ReadOnlyAdmin):
    list_display = ("delivery", "column", "kind", "treatment", "default_country")
    list_filter = ("kind", "treatment")
    search_fields = ("column", "delivery__name")
    list_select_related = ("delivery",)


@admin.register(Run)
class RunAdmin(WorkspaceOwnedAdmin, ReadOnlyAdmin):
    list_display = ("id", "delivery", "number", "state", "reason", "is_dry_run", "trigger", "created_at", "finished_at")
    list_filter = ("state", ("reason", RecentValuesFilter), "is_dry_run", "trigger", "created_at")
    search_fields = ("=id", "delivery__name", "audience__customer_list_id", "started_by__email")
    list_select_related = ("delivery",)
    show_full_result_count = False
    actions = ("cancel", "approve", "reject", "retry")

    @admin.action(description="Cancel", permissions=["act"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        _each(request, queryset, lambda run, by: runs.cancel(run, by=by), "{count} cancelled.")

    @admin.action(description="Approve (held runs)", permissions=["act"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        _each(request, queryset, lambda run, by: runs.approve(run, by=by), "{count} approved.")

    @admin.action(description="Reject (held runs)", permissions=["act"])
    def reject(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        _each(request, queryset, lambda run, by: runs.reject(run, by=by), "{count} rejected.")

    @admin.action(description="Run again", permissions=["act"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        _each(request, queryset, lambda run, by: runs.retry(run, by=by), "{count} started again.")


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin):
    list_display = ("id", "run", "operation", "first", "count", "state", "attempts", "error", "http_status", "sent_at")
    list_filter = (
        "state",
        "operation",
        ("error", RecentValuesFilter),
        ("run__workspace", admin.RelatedFieldListFilter),
    )
    search_fields = ("=id", "=run__id", "request_id", "run__delivery__name")
    list_select_related = ("run", "run__delivery")
    show_full_result_count = False


@admin.register(Call)
class CallAdmin(ReadOnlyAdmin):
    list_display = ("id", "run", "kind", "method", "status", "error", "duration_ms", "attempt", "host", "started_at")
    list_filter = (
        "kind",
        "is_error",
        ("status", RecentValuesFilter),
        ("error", RecentValuesFilter),
        ("run__workspace", admin.RelatedFieldListFilter),
    )
    search_fields = ("=id", "=run__id", "request_id", "path", "message")
    list_select_related = ("run", "run__delivery")
    # As they were made, which needs no sorting.
    ordering = ("-pk",)
    show_full_result_count = False


def _each(request: HttpRequest, queryset: QuerySet[Any], act: Callable[[Any, User | None], object], done: str) -> None:
    """Do it for each, and say what could not be done and why. A service that answers False had nothing to do."""
    by = request.user if isinstance(request.user, User) else None
    count = 0
    for chosen in queryset:
        try:
            count += act(chosen, by) is not False
        except ServiceRefusal as refusal:
            messages.warning(request, refusal.sentence)
    messages.info(request, done.format(count=count))


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    list_display = ("delivery", "rhythm", "every_minutes", "cron", "time_zone", "due_at", "started_at", "refusal")
    list_filter = ("rhythm", "refusal")
    search_fields = ("delivery__name",)
    list_select_related = ("delivery",)


@admin.register(Listing)
class ListingAdmin(ReadOnlyAdmin):
    list_display = ("ad_account", "stage", "moved_at", "completed_at")
    list_filter = ("stage",)
    search_fields = ("ad_account__name", "ad_account__pinterest_id")
    list_select_related = ("ad_account",)


@admin.register(ListedList)
class ListedListAdmin(ReadOnlyAdmin):
    list_display = ("name", "pinterest_id", "audience_name", "ad_account", "state", "made_at")
    list_filter = ("state",)
    search_fields = ("name", "pinterest_id", "audience_name")
    list_select_related = ("ad_account",)


@admin.register(Split)
class SplitAdmin(WorkspaceOwnedAdmin, ReadOnlyAdmin):
    list_display = ["name", "column", "workspace", "dataset", "created_at"]
    list_select_related = ["workspace", "dataset"]
    search_fields = ["name", "column", "dataset__name"]
    list_filter = ["workspace"]
    date_hierarchy = "created_at"
