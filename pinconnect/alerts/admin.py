"""Alerts for operators."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from pinconnect.alerts import services
from pinconnect.alerts.models import Alert
from pinconnect.workspaces.admin_base import ReadOnlyAdmin, WorkspaceOwnedAdmin


@admin.register(Alert)
class AlertAdmin(WorkspaceOwnedAdmin, ReadOnlyAdmin):
    list_display = ("kind", "subject", "workspace", "raised_at", "resolved_at")
    list_filter = ("kind", ("resolved_at", admin.EmptyFieldListFilter), "raised_at")
    search_fields = ("kind", "subject")
    actions = ("resolve",)

    @admin.action(description="Resolve (it is raised again if its cause is still there)", permissions=["act"])
    def resolve(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        chosen = queryset.select_related("workspace")
        count = sum(services.resolve_alert(alert.workspace, alert.kind, alert.subject) for alert in chosen)
        self.message_user(request, f"{count} resolved.")
