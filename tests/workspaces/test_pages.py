"""The pages of workspaces, members and settings."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pinconnect.workspaces import services
from pinconnect.workspaces.models import MemberInvitation, Membership, OutgoingEmail, Workspace
from pinconnect.workspaces.roles import Role
from tests.factories import make_member, make_user, make_workspace


def text(reply) -> str:
    return " ".join(reply.content.decode().split())


def test_home_leads_a_newcomer_to_a_first_workspace(client, db):
    client.force_login(make_user("Alice"))

    page = client.get("/", follow=True)
    assert "Make your first workspace" in text(page)
    client.post("/workspaces/new/", {"name": "Acme", "time_zone": "Europe/Berlin"})

    assert Membership.objects.get().role == Role.ADMIN
    assert Workspace.objects.get().time_zone == "Europe/Berlin"


def test_home_leads_back_to_the_workspace_that_was_open_last(client, acme):
    make_workspace("Aardvark", owner=acme.alice)
    client.force_login(acme.alice)
    assert client.get("/").url.startswith("/w/aardvark/")

    client.get(f"{acme.url}settings/")

    assert client.get("/").url.startswith("/w/acme/")


def test_home_does_not_lead_to_a_workspace_one_was_removed_from(client, acme):
    client.force_login(acme.bob)
    client.get(f"{acme.url}settings/")

    services.remove_member(acme.membership(acme.bob), by=acme.alice)

    assert client.get("/").url == "/workspaces/new/"


@pytest.mark.parametrize(("field", "value"), [("name", ""), ("name", "x" * 81), ("time_zone", "Mars/Olympus")])
def test_bad_input_is_said_at_its_field(client, acme, field, value):
    client.force_login(acme.alice)

    page = client.post(f"{acme.url}settings/change/", {"name": "Acme", "time_zone": "UTC", field: value})

    assert page.status_code == 200
    assert page.context["form"].errors.keys() == {field}
    assert Workspace.objects.get(pk=acme.workspace.pk).time_zone == "UTC"


def test_admin_changes_settings(client, acme):
    client.force_login(acme.alice)

    page = client.post(f"{acme.url}settings/change/", {"name": "Acme 2", "time_zone": "Asia/Tokyo"}, follow=True)

    assert "The settings are saved" in text(page)
    assert Workspace.objects.get(slug="acme").name == "Acme 2"


def test_viewer_sees_settings_and_no_button_to_change_them(client, acme):
    client.force_login(acme.vera)

    page = text(client.get(f"{acme.url}settings/"))

    assert "/settings/change/" not in page
    assert "Audit log" not in page
    assert client.get(f"{acme.url}settings/change/").status_code == 403


def test_members_are_listed_and_only_admins_see_invitations(client, acme):
    services.invite_member(acme.workspace, email="dora@example.org", role=Role.VIEWER, by=acme.alice)

    client.force_login(acme.alice)
    page = text(client.get(f"{acme.url}settings/members/"))
    assert all(word in page for word in ("Alice", "bob@example.org", "Vera", "dora@example.org", "Being sent"))
    client.force_login(acme.vera)
    page = text(client.get(f"{acme.url}settings/members/"))

    assert "dora@example.org" not in page
    assert "charlie" not in page.lower()


@pytest.mark.parametrize(
    ("email", "invitation", "words"),
    [
        ({"sent_at": timezone.now(), "due_at": None}, {}, "valid until"),
        ({"problem": "SMTPException"}, {}, "tried again by itself"),
        ({"problem": "SMTPException", "due_at": None}, {}, "Could not be sent"),
        ({}, {"expires_at": timezone.now() - timedelta(days=1)}, "Expired"),
    ],
)
def test_list_says_what_became_of_an_invitation(client, acme, email, invitation, words):
    services.invite_member(acme.workspace, email="dora@example.org", role=Role.VIEWER, by=acme.alice)
    OutgoingEmail.objects.update(**email)
    MemberInvitation.objects.update(**invitation)
    client.force_login(acme.alice)

    assert words in text(client.get(f"{acme.url}settings/members/"))


def test_list_of_members_takes_the_same_queries_for_many(client, acme, django_assert_num_queries):
    client.force_login(acme.alice)
    services.invite_member(acme.workspace, email="x@example.org", role=Role.VIEWER, by=acme.alice)
    client.get(f"{acme.url}settings/members/")
    with CaptureQueriesContext(connection) as few:
        client.get(f"{acme.url}settings/members/")
    for number in range(5):
        make_member(acme.workspace)
        services.invite_member(acme.workspace, email=f"x{number}@example.org", role=Role.VIEWER, by=acme.alice)

    with django_assert_num_queries(len(few)):
        client.get(f"{acme.url}settings/members/")


def test_admin_invites_by_the_page(client, acme):
    client.force_login(acme.alice)

    page = client.post(
        f"{acme.url}settings/members/invite/", {"email": "Dora@example.org", "role": "viewer"}, follow=True
    )

    assert "dora@example.org is invited" in text(page).lower()
    assert MemberInvitation.objects.get().role == Role.VIEWER


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"email": "no address", "role": "viewer"}, "email"),
        ({"email": "bob@example.org", "role": "viewer"}, "email"),
        ({"email": "dora@example.org", "role": "owner"}, "role"),
    ],
)
def test_what_cannot_be_invited_is_said_at_its_field(client, acme, data, field):
    client.force_login(acme.alice)

    page = client.post(f"{acme.url}settings/members/invite/", data)

    assert page.context["form"].errors.keys() == {field}
    assert not MemberInvitation.objects.exists()


def test_admin_changes_a_role_by_the_page(client, acme):
    client.force_login(acme.alice)
    membership = acme.membership(acme.bob)

    client.post(f"{acme.url}settings/members/{membership.pk}/", {"role": "admin"})

    assert acme.membership(acme.bob).role == Role.ADMIN


def test_last_admin_is_told_at_the_field(client, acme):
    client.force_login(acme.alice)

    page = client.post(f"{acme.url}settings/members/{acme.membership(acme.alice).pk}/", {"role": "viewer"})

    assert "at least one admin" in text(page)


def test_member_is_removed_only_after_being_asked(client, acme):
    client.force_login(acme.alice)
    url = f"{acme.url}settings/members/{acme.membership(acme.bob).pk}/remove/"

    assert "Remove Bob from Acme?" in text(client.get(url))
    assert acme.membership(acme.bob)
    client.post(url)

    assert not Membership.objects.filter(user=acme.bob).exists()


def test_member_leaves_and_the_last_admin_does_not(client, acme):
    client.force_login(acme.vera)
    assert "Leave Acme?" in text(client.get(f"{acme.url}settings/members/leave/"))
    client.post(f"{acme.url}settings/members/leave/")
    assert not Membership.objects.filter(user=acme.vera).exists()

    client.force_login(acme.alice)
    page = client.post(f"{acme.url}settings/members/leave/", follow=True)

    assert "at least one admin" in text(page)
    assert acme.membership(acme.alice)


def test_admin_sends_again_and_revokes(client, acme):
    invitation = services.invite_member(acme.workspace, email="d@example.org", role=Role.VIEWER, by=acme.alice)
    MemberInvitation.objects.update(asked_at=timezone.now() - timedelta(hours=1))
    client.force_login(acme.alice)
    url = f"{acme.url}settings/invitations/{invitation.pk}/"

    assert "on its way" in text(client.post(f"{url}send-again/", follow=True))
    assert "less than a minute" in text(client.post(f"{url}send-again/", follow=True))
    assert "stops working at once" in text(client.get(f"{url}revoke/"))
    assert "is revoked" in text(client.post(f"{url}revoke/", follow=True))
    assert "no longer open" in text(client.post(f"{url}revoke/", follow=True))


def test_things_of_another_workspace_do_not_exist(client, acme):
    other = Workspace.objects.get(slug="elsewhere")
    invitation = services.invite_member(other, email="dora@example.org", role=Role.VIEWER, by=acme.charlie)
    foreign = Membership.objects.get(workspace=other)
    client.force_login(acme.alice)

    for path in (f"members/{foreign.pk}/", f"members/{foreign.pk}/remove/", f"invitations/{invitation.pk}/revoke/"):
        assert client.post(f"{acme.url}settings/{path}", {"role": "viewer"}).status_code == 404
    assert MemberInvitation.objects.get().is_pending


def test_everybody_says_their_own_name(client, acme):
    client.force_login(acme.bob)

    client.post("/you/", {"name": "Bob Builder"})

    acme.bob.refresh_from_db()
    assert acme.bob.name == "Bob Builder"
    assert "Bob Builder" in text(client.get("/you/"))


def test_pages_know_the_workspace_the_role_and_the_others(client, acme):
    make_workspace("Second", owner=acme.bob)
    client.force_login(acme.bob)

    context = client.get(f"{acme.url}settings/").context

    assert (context["workspace"], context["membership"].role) == (acme.workspace, Role.MARKETER)
    assert (context["can_operate"], context["can_administer"]) == (True, False)
    assert [other.name for other in context["other_workspaces"]] == ["Second"]
    assert [item.label for item in context["nav"] if item.is_current] == ["Settings"]
