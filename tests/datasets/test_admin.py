"""Datasets in the admin: looked up there, changed through services."""

import pytest
from django.urls import reverse

from pinconnect.datasets.models import Dataset, Snapshot
from pinconnect.workspaces.models import AuditEvent
from tests.factories import make_user
from tests.factories_datasets import make_dataset, make_snapshot
from tests.support.staff import make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client):
    client.force_login(make_user("Olga", is_staff=True, is_superuser=True))
    return client


def act(client, model, action: str, *things):
    address = reverse(f"admin:datasets_{model}_changelist")
    return client.post(address, {"action": action, "_selected_action": [thing.pk for thing in things]}, follow=True)


@pytest.mark.parametrize("model", ["dataset", "column", "snapshot"])
def test_lists_are_found_by_name(operator, model):
    make_snapshot(make_dataset(name="Newsletter"))

    page = operator.get(reverse(f"admin:datasets_{model}_changelist"), {"q": "Newsletter"})

    assert page.context["cl"].result_count >= 1


def test_a_snapshot_can_be_looked_at_and_not_changed(operator):
    snapshot = make_snapshot()
    address = reverse("admin:datasets_snapshot_change", args=[snapshot.pk])

    assert operator.get(address).status_code == 200
    assert operator.post(address, {"rows": 5}).status_code == 403


def test_rows_are_deleted_through_the_service(operator):
    snapshot = make_snapshot()

    act(operator, "snapshot", "delete_rows", snapshot)

    assert Snapshot.objects.get().state == "deleted"
    assert AuditEvent.objects.filter(verb="snapshot.deleted", actor_label__startswith="olga").exists()


def test_rows_are_deleted_only_by_who_may_delete(client):
    snapshot = make_snapshot()

    client.force_login(make_staff("view_snapshot", "change_snapshot"))
    act(client, "snapshot", "delete_rows", snapshot)
    assert Snapshot.objects.get().state == "ready"

    client.force_login(make_staff("view_snapshot", "delete_snapshot"))
    act(client, "snapshot", "delete_rows", snapshot)
    assert Snapshot.objects.get().state == "deleted"


def test_a_snapshot_is_examined_again_through_the_service(operator):
    snapshot = make_snapshot()
    Snapshot.objects.update(state="refused", refusal="examination_failed")

    act(operator, "snapshot", "examine_again", snapshot)

    assert Snapshot.objects.get().state == "ready"


def test_datasets_are_archived_and_restored_through_services(operator):
    dataset = make_dataset()

    act(operator, "dataset", "archive", dataset)
    assert Dataset.objects.get().archived_at
    act(operator, "dataset", "restore", dataset)

    assert Dataset.objects.get().archived_at is None
