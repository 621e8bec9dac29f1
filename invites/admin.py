"""App invites for operators: states and timelines, never a link."""

from typing import cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from invites.models import AppInvite, InviteCode, InviteEvent
from invites.services import sending
from pinconnect.workspaces.admin_base import ReadOnlyAdmin, WorkspaceOwnedAdmin
from pinconnect.workspaces.models import User


@admin.register(AppInvite)
class AppInviteAdmin(WorkspaceOwnedAdmin, ReadOnlyAdmin):
    list_display = ["partner_name", "workspace", "purpose", "state", "expires_at", "result"]
    list_filter = ["state", "purpose"]
    search_fields = ["partner_name", "partner_email", "expected_username"]
    list_select_related = ["workspace", "result"]
    hidden = ("form_key",)
    actions = ["revoke"]

    @admin.action(description="Revoke the links", permissions=["act"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[AppInvite]) -> None:
        revoked = sum(sending.revoke(invite, by=cast(User, request.user)) for invite in queryset)
        self.message_user(request, f"{revoked} links no longer work.")


@admin.register(InviteEvent)
class InviteEventAdmin(ReadOnlyAdmin):
    list_display = ["invite", "kind", "at", "origin"]
    list_filter = ["kind"]
    search_fields = ["invite__partner_name"]
    list_select_related = ["invite"]


@admin.register(InviteCode)
class InviteCodeAdmin(ReadOnlyAdmin):
    list_display = ["invite", "by_email", "created_at", "revoked_at"]
    list_filter = ["by_email"]
    search_fields = ["invite__partner_name"]
    list_select_related = ["invite"]
