"""People and workspaces for operators, and the queue's own tables made harmless."""

from typing import Any

# These register their pages when they are imported: here first, so that they can be replaced below.
import allauth.account.admin
import allauth.mfa.admin
import allauth.usersessions.admin  # noqa: F401
import django_q.admin
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django_q.models import Failure, OrmQ, Schedule, Success

from pinconnect.workspaces import services
from pinconnect.workspaces.admin_base import ReadOnlyAdmin, RecentValuesFilter, SecretsHidden, WorkspaceOwnedAdmin
from pinconnect.workspaces.models import AuditEvent, MemberInvitation, Membership, OutgoingEmail, User, Workspace
from pinconnect.workspaces.refusals import Refused
from pinconnect.workspaces.roles import Role


class NewUserForm(BaseUserCreationForm):
    class Meta(BaseUserCreationForm.Meta):
        model = User
        fields = ("email", "name")

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """The address is changed by its owner, who has to verify the new one. Only superusers hand out power."""

    add_form = NewUserForm
    add_fieldsets = ((None, {"fields": ("email", "name", "password1", "password2")}),)
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("History", {"fields": ("date_joined", "last_login", "is_demo")}),
    )
    list_display = ("email", "name", "is_active", "is_staff", "is_superuser", "last_login", "is_demo")
    list_filter = ("is_active", "is_staff", "is_superuser", "is_demo", "date_joined")
    search_fields = ("email", "name", "emailaddress__email", "memberships__workspace__name")
    ordering = ("email",)
    readonly_fields = ("date_joined", "last_login", "is_demo")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        fixed = list(super().get_readonly_fields(request, obj))
        if obj:
            fixed.append("email")
        if not request.user.is_superuser:
            fixed += ["is_staff", "is_superuser", "groups", "user_permissions"]
        return fixed

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        # Otherwise staff who may edit users could set a superuser's password.
        return not is_above(obj, request) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return not is_above(obj, request) and super().has_delete_permission(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, set[str], Any]:
        """The addresses of a user go with the user, although nobody deletes one by itself."""
        rows, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return rows, counts, lacking - {EmailAddress._meta.verbose_name}, protected

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            # The operator vouches for the address, so that the new user may sign in at once.
            EmailAddress.objects.create(user=obj, email=obj.email, primary=True, verified=True)


class GroupAdmin(DjangoGroupAdmin):
    """A group hands its rights to everybody in it, so it is changed by those who may hand out rights: superusers."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser


class EmailAddressAdmin(ReadOnlyAdmin):
    """Whoever could add or verify an address of somebody else could then set that person's password."""

    list_display = ("email", "user", "primary", "verified")
    list_filter = ("primary", "verified")
    list_select_related = ("user",)
    search_fields = ("email", "user__email", "user__name")


class MemberInline(admin.TabularInline):
    model = Membership
    fields = readonly_fields = ("user", "role", "created_at")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Workspace)
class WorkspaceAdmin(ReadOnlyAdmin):
    list_display = ("name", "slug", "time_zone", "created_at", "is_demo")
    list_filter = ("is_demo", "created_at")
    search_fields = ("name", "slug", "memberships__user__email")
    inlines = (MemberInline,)


@admin.register(Membership)
class MembershipAdmin(WorkspaceOwnedAdmin, ReadOnlyAdmin):
    """Roles are changed by actions, through the services that keep an admin in every workspace."""

    list_display = ("user", "workspace", "role", "created_at")
    list_filter = ("role", "user__is_active")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__name")
    actions = ("make_admin", "make_marketer", "make_viewer", "remove")

    @admin.action(description="Make admin of the workspace", permissions=["act"])
    def make_admin(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        self._change(request, queryset, Role.ADMIN)

    @admin.action(description="Make marketer", permissions=["act"])
    def make_marketer(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        self._change(request, queryset, Role.MARKETER)

    @admin.action(description="Make viewer", permissions=["act"])
    def make_viewer(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        self._change(request, queryset, Role.VIEWER)

    @admin.action(description="Remove from the workspace", permissions=["remove"])
    def remove(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        run_for_each(self, request, queryset, lambda member: services.remove_member(member, by=operator(request)))

    def _change(self, request: HttpRequest, queryset: QuerySet[Membership], role: Role) -> None:
        run_for_each(self, request, queryset, lambda member: services.change_role(member, role, by=operator(request)))


@admin.register(MemberInvitation)
class MemberInvitationAdmin(WorkspaceOwnedAdmin, ReadOnlyAdmin):
    list_display = ("email", "workspace", "role", "created_at", "expires_at", "accepted_at", "revoked_at")
    list_filter = ("role", "created_at", ("accepted_at", admin.EmptyFieldListFilter))
    search_fields = ("email", "invited_by__email")
    actions = ("send_again", "revoke")

    @admin.action(description="Send again", permissions=["act"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[MemberInvitation]) -> None:
        run_for_each(self, request, queryset, lambda invitation: services.send_again(invitation, by=operator(request)))

    @admin.action(description="Revoke", permissions=["act"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[MemberInvitation]) -> None:
        run_for_each(self, request, queryset, lambda invitation: services.revoke(invitation, by=operator(request)))


@admin.register(OutgoingEmail)
class OutgoingEmailAdmin(ReadOnlyAdmin):
    list_display = ("kind", "object_id", "user", "created_at", "due_at", "attempts", "problem", "sent_at")
    list_filter = ("kind", "problem", ("sent_at", admin.EmptyFieldListFilter))
    list_select_related = ("user",)
    search_fields = ("kind", "=object_id", "user__email")
    actions = ("try_again",)

    @admin.action(description="Try again what was given up", permissions=["act"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[OutgoingEmail]) -> None:
        given_up = [row.pk for row in queryset if row.is_given_up]
        count = OutgoingEmail.objects.filter(pk__in=given_up).update(due_at=timezone.now(), attempts=0)
        self.message_user(request, f"{count} will be tried again within a minute.")


@admin.register(AuditEvent)
class AuditEventAdmin(WorkspaceOwnedAdmin, ReadOnlyAdmin):
    list_display = ("at", "actor_label", "verb", "object_type", "object_label", "workspace")
    list_filter = (("verb", RecentValuesFilter), ("object_type", RecentValuesFilter), "at")
    show_full_result_count = False
    search_fields = ("actor_label", "verb", "object_label", "=object_id")
    # As it was written, which needs no sorting; a hierarchy of dates would read every line.
    ordering = ("-pk",)


class AuthenticatorAdmin(SecretsHidden):
    """To delete a second factor that its owner has lost; what is inside is nobody's business."""

    hidden = ("data",)
    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type", "created_at", "last_used_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "user__name")
    readonly_fields = ("user", "type", "created_at", "last_used_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Authenticator | None = None) -> bool:
        return not is_above(obj and obj.user, request) and super().has_delete_permission(request, obj)


class UserSessionAdmin(ReadOnlyAdmin):
    """Where people are signed in; the session's key would be as good as their password."""

    hidden = ("session_key", "data")
    list_display = ("user", "created_at", "last_seen_at", "ip", "user_agent")
    list_filter = ("created_at", "last_seen_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "ip")


# Whoever can write here has any function of the server run with any arguments: nobody can.
class QueueAdmin(ReadOnlyAdmin):
    """django-q2's own page for a model, with its lists but without its forms and actions."""

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}


class ScheduleAdmin(QueueAdmin, django_q.admin.ScheduleAdmin):
    search_fields = ("name", "func")


class SuccessAdmin(QueueAdmin, django_q.admin.TaskAdmin):
    search_fields = ("name", "func", "group")


class FailureAdmin(QueueAdmin, django_q.admin.FailAdmin):
    search_fields = ("name", "func", "group")


class WaitingTaskAdmin(QueueAdmin, django_q.admin.QueueAdmin):
    """A payload is a pickle that is unpacked to be shown, so only its place in the queue is."""

    hidden = ("payload",)
    fields = ("key", "lock")
    list_display = ("id", "key", "lock")
    search_fields = ("key",)


def is_above(user: User | None, request: HttpRequest) -> bool:
    """Whether this user is a superuser and whoever asks is not."""
    return user is not None and user.is_superuser and not request.user.is_superuser


def operator(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 -- the admin lets nobody else in
    return request.user


def run_for_each(page: admin.ModelAdmin, request: HttpRequest, queryset: QuerySet[Any], service: Any) -> None:
    """Call a service for each chosen row and say what it refused."""
    done = 0
    for row in queryset:
        try:
            service(row)
        except Refused as refusal:
            page.message_user(request, f"{row}: {refusal}", level=messages.WARNING)
        else:
            done += 1
    page.message_user(request, f"Done for {done}.")


def _replace(model: Any, page: type[admin.ModelAdmin]) -> None:
    if admin.site.is_registered(model):
        admin.site.unregister(model)
    admin.site.register(model, page)


_replace(Group, GroupAdmin)
_replace(EmailAddress, EmailAddressAdmin)
_replace(Authenticator, AuthenticatorAdmin)
_replace(UserSession, UserSessionAdmin)
_replace(Schedule, ScheduleAdmin)
_replace(Success, SuccessAdmin)
_replace(Failure, FailureAdmin)
_replace(OrmQ, WaitingTaskAdmin)
