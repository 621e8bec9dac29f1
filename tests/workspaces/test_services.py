"""Workspaces, members and their roles."""

import pytest

from pinconnect.workspaces import services
from pinconnect.workspaces.models import AuditEvent, Membership, Workspace
from pinconnect.workspaces.refusals import LAST_ADMIN, Refused
from pinconnect.workspaces.roles import Role
from tests.factories import make_member, make_user


def test_maker_of_a_workspace_is_its_admin(db):
    alice = make_user("Alice")

    workspace = services.create_workspace(name=" Marsh & Daughters ", by=alice, time_zone="Europe/Berlin")

    assert (workspace.name, workspace.slug, workspace.time_zone) == (
        "Marsh & Daughters",
        "marsh-daughters",
        "Europe/Berlin",
    )
    assert Membership.objects.get(workspace=workspace, user=alice).role == Role.ADMIN
    assert AuditEvent.objects.get().verb == "workspace.created"


def test_same_names_get_different_slugs(db):
    alice = make_user("Alice")

    slugs = {services.create_workspace(name="株式会社", by=alice).slug for _ in range(12)}

    assert len(slugs) == 12
    assert {"workspace", "workspace-2"} <= slugs


def test_change_of_settings_is_written_down_with_old_and_new(acme):
    assert services.change_workspace(acme.workspace, by=acme.alice, name="Acme", time_zone="Asia/Tokyo")

    event = AuditEvent.objects.get(verb="workspace.changed")
    assert event.details == {"time_zone": {"from": "UTC", "to": "Asia/Tokyo"}}
    assert Workspace.objects.get(pk=acme.workspace.pk).time_zone == "Asia/Tokyo"


def test_change_without_a_change_is_not_written_down(acme):
    assert not services.change_workspace(acme.workspace, by=acme.alice, name="Acme", time_zone="UTC")
    assert not AuditEvent.objects.exists()


def test_role_changes_and_is_written_down(acme):
    services.change_role(acme.membership(acme.bob), Role.ADMIN, by=acme.alice)

    assert acme.membership(acme.bob).role == Role.ADMIN
    assert AuditEvent.objects.get().details == {"role": {"from": "marketer", "to": "admin"}}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MARKETER])
def test_last_admin_keeps_the_role(acme, role):
    with pytest.raises(Refused, match="at least one admin"):
        services.change_role(acme.membership(acme.alice), role, by=acme.alice)

    assert acme.membership(acme.alice).role == Role.ADMIN


def test_last_admin_cannot_leave_until_there_is_another(acme):
    with pytest.raises(Refused) as refusal:
        services.remove_member(acme.membership(acme.alice), by=acme.alice)
    assert str(refusal.value) == LAST_ADMIN

    services.change_role(acme.membership(acme.bob), Role.ADMIN, by=acme.alice)
    services.remove_member(acme.membership(acme.alice), by=acme.alice)

    assert AuditEvent.objects.first().verb == "member.left"
    assert not Membership.objects.filter(user=acme.alice).exists()


def test_admin_who_may_not_sign_in_does_not_count(acme):
    make_member(acme.workspace, Role.ADMIN, user=make_user("Retired", is_active=False))

    with pytest.raises(Refused):
        services.remove_member(acme.membership(acme.alice), by=acme.alice)


def test_stale_page_cannot_remove_the_last_admin(acme):
    stale = acme.membership(acme.bob)
    services.change_role(acme.membership(acme.bob), Role.ADMIN, by=acme.alice)
    services.change_role(acme.membership(acme.alice), Role.VIEWER, by=acme.bob)

    with pytest.raises(Refused):
        services.remove_member(stale, by=acme.alice)


def test_removing_somebody_twice_is_refused_in_words(acme):
    membership = acme.membership(acme.bob)
    services.remove_member(membership, by=acme.alice)

    with pytest.raises(Refused, match="no longer a member"):
        services.remove_member(membership, by=acme.alice)
    assert AuditEvent.objects.filter(verb="member.removed").count() == 1


def test_nobody_becomes_a_member_twice(acme):
    with pytest.raises(Refused, match="member already"):
        services.add_member(acme.workspace, acme.bob, Role.ADMIN, by=acme.alice)

    assert acme.membership(acme.bob).role == Role.MARKETER


def test_audit_log_is_never_changed_or_deleted(acme):
    services.change_role(acme.membership(acme.bob), Role.ADMIN, by=acme.alice)
    event = AuditEvent.objects.get()

    for forbidden in (event.save, event.delete, AuditEvent.objects.all().delete):
        with pytest.raises(TypeError):
            forbidden()
    with pytest.raises(TypeError):
        AuditEvent.objects.update(verb="nothing.happened")


def test_audit_log_outlives_the_user(acme):
    services.change_role(acme.membership(acme.vera), Role.MARKETER, by=acme.bob)

    acme.bob.delete()

    event = AuditEvent.objects.get()
    assert (event.actor, event.actor_label) == (None, "bob@example.org")
