"""Who may only look can do nothing in the admin, and no condition in an address finds out a secret."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db.models import Model
from django.urls import reverse

from pinconnect.workspaces.admin_base import SecretsHidden, secret_fields
from pinconnect.workspaces.models import MemberInvitation, User
from tests.factories import make_user
from tests.support.staff import make_onlooker

AT_LEAST_PAGES = 35
AT_LEAST_ACTIONS = 20
AT_LEAST_CONCEALING = 14
AT_LEAST_PATHS = 100

# Pages whose lists may be asked for a field that is named like a secret.
NO_USE_TO_ANYBODY = {"pinconnect_queue.Reconciler": "Its lease is taken in the database; no page takes it."}


def offered(request: Any) -> dict[str, Any]:
    """Every action that somebody is offered, on whatever page."""
    return {
        f"{model._meta.label}: {name}": action
        for model, page in admin.site._registry.items()
        for name, (action, *_) in page.get_actions(request).items()
    }


def test_every_action_names_the_right_it_needs(rf, db):
    request = rf.get("/")
    request.user = make_user("Operator", is_staff=True, is_superuser=True)
    actions = offered(request)

    rights = {label: getattr(action, "allowed_permissions", ()) for label, action in actions.items()}
    open_ones = [label for label, needed in rights.items() if not needed or "view" in needed]

    assert len(actions) >= AT_LEAST_ACTIONS, f"only {len(actions)} actions were checked"
    assert not open_ones


def test_who_may_only_look_is_offered_no_action(rf, db):
    request = rf.get("/")
    request.user = make_onlooker()

    seen = [page for page in admin.site._registry.values() if page.has_view_permission(request)]

    assert len(seen) >= AT_LEAST_PAGES, f"only {len(seen)} pages were checked"
    assert not offered(request)


def concealed(model: type[Model]) -> set[str]:
    page = admin.site._registry.get(model)
    return page.concealed() if isinstance(page, SecretsHidden) else secret_fields(model)


def concealing() -> list[type[Model]]:
    return [model for model in admin.site._registry if concealed(model) and model._meta.label not in NO_USE_TO_ANYBODY]


@pytest.mark.parametrize("model", concealing(), ids=lambda model: model._meta.label)
def test_no_condition_in_an_address_finds_out_a_secret(client, db, model):
    client.force_login(make_onlooker())
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")

    assert client.get(address).status_code == 200
    for name in concealed(model):
        for condition in (name, f"{name}__startswith", f"{name}__gt", f"{name}__secret__startswith"):
            assert client.get(address, {condition: "a"}).status_code == 400, condition


def test_enough_pages_with_secrets_were_tried():
    assert len(concealing()) >= AT_LEAST_CONCEALING, f"only {len(concealing())} pages were checked"


def paths(model: type[Model], depth: int = 2) -> Iterator[tuple[str, type[Model]]]:
    """Ways from a model over relations, and where each ends."""
    for field in model._meta.get_fields():
        if getattr(field, "path_infos", None):
            end = field.path_infos[-1].to_opts.model
            yield field.name, end
            if depth > 1:
                yield from ((f"{field.name}__{further}", last) for further, last in paths(end, depth - 1))


def test_no_condition_over_relations_finds_out_a_secret(rf, db):
    request = rf.get("/")
    request.user = make_onlooker()
    tried = [
        (page, f"{path}__{name}__startswith")
        for model, page in admin.site._registry.items()
        for path, end in paths(model)
        for name in concealed(end)
    ]

    open_ones = [f"{page}: {lookup}" for page, lookup in tried if page.lookup_allowed(lookup, "a", request)]

    assert len(tried) >= AT_LEAST_PATHS, f"only {len(tried)} paths were checked"
    assert not open_ones


@pytest.mark.parametrize(
    ("model", "path"),
    [
        (MemberInvitation, "invited_by__password"),
        (User, "usersession__session_key"),
        (User, "authenticator__data__secret"),
    ],
)
def test_a_filter_or_a_search_over_a_relation_opens_no_secret(rf, model, path):
    class Careless(SecretsHidden):
        list_filter = (path,)
        search_fields = (path, f"={path}", "email")

    request = rf.get("/")
    page = Careless(model, admin.site)

    assert not page.lookup_allowed(f"{path}__startswith", "a", request)
    assert page.lookup_allowed("email__startswith", "a", request)
    assert page.get_search_fields(request) == ["email"]


def test_primary_key_that_is_hidden_is_not_found_out_by_its_other_name(rf):
    class Careful(SecretsHidden):
        hidden = ("id",)

    page = Careful(MemberInvitation, admin.site)

    assert not page.lookup_allowed("id__startswith", "a", rf.get("/"))
    assert not page.lookup_allowed("pk__startswith", "a", rf.get("/"))
