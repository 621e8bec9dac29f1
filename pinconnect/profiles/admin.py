"""Profiles and ad accounts for operators: searchable, without tokens, changed through services only."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from pinconnect.profiles import services, tokens
from pinconnect.profiles.messages import unusable_words
from pinconnect.profiles.models import AdAccount, AdAccountAccess, OAuthState, Profile
from pinconnect.workspaces.admin_base import ReadOnlyAdmin, WorkspaceOwnedAdmin
from pinconnect.workspaces.models import User


@admin.register(Profile)
class ProfileAdmin(WorkspaceOwnedAdmin, ReadOnlyAdmin):
    list_display = ("username", "business_name", "state", "has_all_scopes", "expires_at", "renewed_at")
    list_filter = ("state", "has_all_scopes", "renewal_problem", "expires_at")
    search_fields = ("username", "business_name", "pinterest_id")
    list_select_related = ("connected_by",)
    actions = ("renew", "disconnect")

    @admin.action(description="Renew the tokens now", permissions=["act"])
    def renew(self, request: HttpRequest, queryset: QuerySet[Profile]) -> None:
        for profile in queryset:
            try:
                tokens.renew(profile.pk)
            except tokens.ProfileUnusable as problem:
                words = unusable_words(problem.code)
                self.message_user(request, f"{profile}: {words.title}. {words.next_step}", messages.WARNING)
            else:
                self.message_user(request, f"{profile}: done.", messages.SUCCESS)

    @admin.action(description="Disconnect and delete the tokens", permissions=["act"])
    def disconnect(self, request: HttpRequest, queryset: QuerySet[Profile]) -> None:
        by = request.user if isinstance(request.user, User) else None
        done = sum(services.disconnect(profile, by=by) for profile in queryset.select_related("workspace"))
        self.message_user(request, f"{done} disconnected.", messages.SUCCESS)


@admin.register(AdAccount)
class AdAccountAdmin(WorkspaceOwnedAdmin, ReadOnlyAdmin):
    list_display = ("name", "pinterest_id", "owner_username", "country", "currency", "is_chosen")
    list_filter = ("is_chosen", "currency", "country")
    search_fields = ("name", "pinterest_id", "owner_username")


@admin.register(AdAccountAccess)
class AdAccountAccessAdmin(ReadOnlyAdmin):
    list_display = ("profile", "ad_account", "can_write_lists", "seen_at")
    list_filter = ("can_write_lists", "seen_at", "profile__state")
    search_fields = ("profile__username", "ad_account__name", "ad_account__pinterest_id")
    list_select_related = ("profile", "ad_account")


@admin.register(OAuthState)
class OAuthStateAdmin(WorkspaceOwnedAdmin, ReadOnlyAdmin):
    list_display = ("created_at", "user", "profile", "outcome", "used_at")
    list_filter = ("outcome", "created_at")
    search_fields = ("user__email", "expected_username", "came_username")
    list_select_related = ("user", "profile")
