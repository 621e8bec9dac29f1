"""Every model has a page in the admin, and no page shows a secret."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models
from django.db.models import Model
from django.urls import reverse

from pinconnect.lib.crypto import encrypted_fields
from pinconnect.workspaces.admin_base import ReadOnlyAdmin, secret_fields
from pinconnect.workspaces.models import AuditEvent
from tests.factories import make_user, make_workspace

OURS = ("workspaces", "alerts", "profiles", "datasets", "audiences", "invites", "pinconnect_queue")
AT_LEAST_MODELS = 20
SECRET = "a-secret-that-nobody-sees"

# Tables without anything an operator could read or do.
NOT_SHOWN: dict[str, str] = {}


def our_models() -> list[type[Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in OURS]


def page_of(model: type[Model]) -> Any:
    return admin.site._registry[model]


def shown_models() -> list[type[Model]]:
    return [model for model in our_models() if model._meta.label not in NOT_SHOWN]


def test_every_model_of_ours_has_a_page():
    lacking = [model._meta.label for model in shown_models() if not admin.site.is_registered(model)]

    assert len(our_models()) >= AT_LEAST_MODELS, f"only {len(our_models())} models were checked"
    assert not lacking


def test_every_page_can_be_searched_and_filtered_or_says_why_not():
    lacking = []
    for model in shown_models():
        page = page_of(model)
        is_filtered = bool(page.get_list_filter(None)) or bool(getattr(page, "no_filter_reason", ""))
        if not page.get_search_fields(None) or not is_filtered:
            lacking.append(model._meta.label)

    assert not lacking


def test_no_page_asks_the_database_once_per_row():
    """A list that shows a related thing fetches it with the rows."""
    lacking = []
    for model in shown_models():
        page = page_of(model)
        related = {field.name for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)}
        fetched = page.get_list_select_related(None)
        if fetched is not True and set(page.get_list_display(None)) & related - set(fetched or ()):
            lacking.append(model._meta.label)

    assert not lacking


def test_every_page_with_a_secret_hides_it(rf, db):
    request = rf.get("/")
    request.user = make_user("Operator", is_staff=True, is_superuser=True)
    # A password is shown by Django as the name of its algorithm and a few characters.
    guarded = [model for model in shown_models() if secret_fields(model) and model._meta.label != "workspaces.User"]

    open_ones = {}
    for model in guarded:
        page = page_of(model)
        shown = {*page.get_fields(request), *page.get_list_display(request), *page.get_search_fields(request)}
        if shown & secret_fields(model):
            open_ones[model._meta.label] = shown & secret_fields(model)

    assert len(guarded) >= 3, f"only {len(guarded)} models were checked"
    assert not open_ones


def with_secrets(model: type[Model]) -> Model:
    """A row whose every secret field holds the same known text."""
    values: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if field.name in secret_fields(model):
            values[field.name] = SECRET
        elif field.name == "workspace":
            values["workspace"] = make_workspace()
        elif isinstance(field, models.DateTimeField) and not field.null and not field.has_default():
            values[field.name] = "2030-01-01T00:00Z"
    return model.objects.create(**values)


def secret_rows() -> list[type[Model]]:
    """Models with a secret whose rows need nothing but a workspace."""
    by_hand = {"workspaces.User"}
    found = [model for model in shown_models() if secret_fields(model) and model._meta.label not in by_hand]
    return [model for model in found if all(is_easy(field) for field in model._meta.concrete_fields)]


def is_easy(field: Any) -> bool:
    return not isinstance(field, models.ForeignKey) or field.null or field.name == "workspace"


@pytest.mark.parametrize("model", secret_rows(), ids=lambda model: model._meta.label)
def test_no_list_and_no_form_contains_the_secret(client, db, model):
    client.force_login(make_user("Operator", is_staff=True, is_superuser=True))
    row = with_secrets(model)
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"

    pages = [
        client.get(reverse(f"{name}_changelist")),
        client.get(reverse(f"{name}_changelist"), {"q": SECRET}),
        client.get(reverse(f"{name}_change", args=[row.pk])),
    ]

    assert [page.status_code for page in pages] == [200, 200, 200]
    assert str(row) in pages[0].content.decode() or pages[0].context["cl"].result_count == 1
    assert pages[1].context["cl"].result_count == 0, "a secret cannot be searched for"
    # The search for it is repeated on the page, in the box it was typed in.
    for page in (pages[0], pages[2]):
        assert SECRET not in page.content.decode()


def test_every_model_with_an_encrypted_field_was_looked_at():
    encrypted = {model for model, _ in encrypted_fields()}

    assert encrypted
    assert encrypted <= set(secret_rows())


@pytest.mark.parametrize("label", ["django_q.Schedule", "django_q.Success", "django_q.Failure", "django_q.OrmQ"])
def test_queue_is_read_only_even_for_superusers(rf, db, label):
    request = rf.get("/")
    request.user = make_user("Operator", is_staff=True, is_superuser=True)
    page = page_of(apps.get_model(label))

    may: list[Callable[..., bool]] = [page.has_add_permission, page.has_change_permission, page.has_delete_permission]

    assert [allowed(request) for allowed in may] == [False, False, False]
    assert page.get_actions(request) == {}


def test_audit_log_is_read_only():
    assert isinstance(page_of(AuditEvent), ReadOnlyAdmin)
