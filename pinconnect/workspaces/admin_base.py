"""What every page of the admin has in common: secrets never shown, nothing changed behind the services' back."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_permission_codename
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models.constants import LOOKUP_SEP
from django.forms import ModelChoiceField
from django.http import HttpRequest

from pinconnect.lib.crypto import EncryptedTextField

# Hashes of links, leases and the like: no operator needs to read them, and none may look one up.
_SECRET_ENDINGS = ("_hash", "_token", "password", "secret")


def secret_fields(model: type[models.Model]) -> set[str]:
    """Names of the fields that no admin page may show: encrypted ones, and those named like a hash or a token."""
    return {
        field.name
        for field in model._meta.concrete_fields
        if isinstance(field, EncryptedTextField) or field.name.endswith(_SECRET_ENDINGS)
    }


class RecentValuesFilter(admin.AllValuesFieldListFilter):
    """Offers the values of the newest rows: to find all values of a million rows, all would have to be read."""

    looked_at = 1_000
    lookup_choices: Any

    def __init__(
        self,
        field: Any,
        request: HttpRequest,
        params: Any,
        model: type[models.Model],
        model_admin: Any,
        field_path: str,
    ) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        newest = model._default_manager.order_by("-pk").values_list(field_path, flat=True)[: self.looked_at]
        found = set(newest)
        self.lookup_choices = [*sorted(found - {None}), *({None} & found)]


class SecretsHidden(admin.ModelAdmin):
    """Leaves secret fields out of every form, list, search and filter. hidden: names of further fields to leave out."""

    hidden: tuple[str, ...] = ()
    # A list without filters says here why it needs none.
    no_filter_reason: str = ""

    def concealed(self) -> set[str]:
        return secret_fields(self.model) | set(self.hidden)

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return sorted({*(super().get_exclude(request, obj) or ()), *self.concealed()})

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [name for name in super().get_fields(request, obj) if name not in self.concealed()]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [name for name in super().get_list_display(request) if name not in self.concealed()]

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return [name for name in super().get_search_fields(request) if not self._passes_concealed(name.lstrip("^=@"))]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """A condition in the address of a list would tell a secret letter by letter, without ever showing it."""
        return not self._passes_concealed(lookup) and super().lookup_allowed(lookup, value, request)

    def _passes_concealed(self, path: str) -> bool:
        """Whether a path such as user__password__startswith passes a field that the page of its model conceals."""
        model: type[models.Model] = self.model
        for part in path.split(LOOKUP_SEP):
            try:
                field: Any = model._meta.pk if part == "pk" else model._meta.get_field(part)
            except FieldDoesNotExist:
                return False
            if field.name in self._concealed_of(model):
                return True
            # Only relations lead to further fields; what follows others is a comparison.
            if not getattr(field, "path_infos", None):
                return False
            model = field.path_infos[-1].to_opts.model
        return False

    def _concealed_of(self, model: type[models.Model]) -> set[str]:
        if model is self.model:
            return self.concealed()
        page = self.admin_site.get_model_admin(model) if self.admin_site.is_registered(model) else None
        return page.concealed() if isinstance(page, SecretsHidden) else secret_fields(model)


class ReadOnlyAdmin(SecretsHidden):
    """Shows every field but the secret ones, and lets nobody add, change or delete.

    Actions still run services. Each names the right it needs: permissions=["act"], or ["remove"] if it deletes.
    Django offers an action that names none to everybody who may look at the list.
    """

    def has_act_permission(self, request: HttpRequest) -> bool:
        return self._is_granted(request, "change")

    def has_remove_permission(self, request: HttpRequest) -> bool:
        return self._is_granted(request, "delete")

    def _is_granted(self, request: HttpRequest, right: str) -> bool:
        return request.user.has_perm(f"{self.opts.app_label}.{get_permission_codename(right, self.opts)}")

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        shown = [field.name for field in self.opts.concrete_fields if field.name not in self.concealed()]
        further = [name for name in super().get_readonly_fields(request, obj) if name not in shown]
        return [*shown, *further]


class WorkspaceOwnedAdmin(SecretsHidden):
    """Things of a workspace: shown and filtered with it, and never handed to another one.

    They are made and deleted on the pages, through services; what may be changed here is up to the subclass,
    which may also be a ReadOnlyAdmin: class RunAdmin(WorkspaceOwnedAdmin, ReadOnlyAdmin).
    """

    workspace_filter: tuple[Any, ...] = (("workspace", admin.RelatedOnlyFieldListFilter),)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        shown = super().get_list_display(request)
        return shown if "workspace" in shown else [*shown, "workspace"]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [*self.workspace_filter, *super().get_list_filter(request)]

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return [*super().get_search_fields(request), "workspace__name", "workspace__slug"]

    def get_list_select_related(self, request: HttpRequest) -> bool | list[str]:
        related = super().get_list_select_related(request)
        return related if related is True else sorted({*(related or ()), "workspace"})

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return sorted({*super().get_readonly_fields(request, obj), "workspace"})

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Choices of related things are those of the same workspace."""
        form = super().get_form(request, obj, change=change, **kwargs)
        for field in form.base_fields.values():
            if obj is None or not isinstance(field, ModelChoiceField) or field.queryset is None:
                continue
            if hasattr(field.queryset.model, "workspace"):
                field.queryset = field.queryset.filter(workspace=obj.workspace)
        return form
