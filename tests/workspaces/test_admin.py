"""The admin of people and workspaces: services behind every action, nobody above their rights."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Permission
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from pinconnect.alerts.models import Alert
from pinconnect.queue import hints
from pinconnect.workspaces import mail, services
from pinconnect.workspaces.models import AuditEvent, MemberInvitation, Membership, OutgoingEmail, User
from pinconnect.workspaces.roles import Role
from tests.factories import PASSWORD, make_user


@pytest.fixture
def operator(client, db) -> User:
    user = make_user("Operator", is_staff=True, is_superuser=True)
    client.force_login(user)
    return user


def act(client, model: str, action: str, *rows) -> str:
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(f"/admin/{model}/", data, follow=True).content.decode()


def test_role_is_changed_by_the_service_in_the_name_of_the_operator(client, acme, operator):
    act(client, "workspaces/membership", "make_viewer", acme.membership(acme.bob))

    assert acme.membership(acme.bob).role == Role.VIEWER
    assert AuditEvent.objects.get(verb="member.role_changed").actor == operator


def test_last_admin_stays_and_the_operator_is_told(client, acme, operator):
    page = act(client, "workspaces/membership", "remove", acme.membership(acme.alice), acme.membership(acme.bob))

    assert "at least one admin" in page
    assert "Done for 1." in page
    assert not Membership.objects.filter(user=acme.bob).exists()


def test_invitation_is_sent_again_and_revoked_by_the_service(client, acme, operator):
    invitation = services.invite_member(acme.workspace, email="d@example.org", role=Role.VIEWER, by=acme.alice)
    MemberInvitation.objects.update(asked_at=timezone.now() - timedelta(hours=1))

    act(client, "workspaces/memberinvitation", "send_again", invitation)
    act(client, "workspaces/memberinvitation", "revoke", invitation)

    assert MemberInvitation.objects.get().revoked_at
    assert not OutgoingEmail.objects.filter(due_at__isnull=False).exists()


def test_email_that_was_given_up_is_tried_again(client, acme, operator):
    mail.queue("workspaces.invitation", 1, key="lost")
    OutgoingEmail.objects.update(due_at=None, attempts=6, problem="SMTPException")

    act(client, "workspaces/outgoingemail", "try_again", OutgoingEmail.objects.get())

    row = OutgoingEmail.objects.get()
    assert (row.attempts, row.due_at is not None) == (0, True)


def test_alert_is_resolved_by_the_service(client, acme, operator):
    alert = Alert.objects.create(workspace=acme.workspace, kind="gone.kind", subject="x")

    act(client, "alerts/alert", "resolve", alert)

    assert Alert.objects.get().resolved_at


@pytest.mark.parametrize("model", ["workspace", "membership", "memberinvitation", "auditevent", "outgoingemail"])
def test_what_services_write_is_not_written_here(client, acme, operator, model):
    assert client.get(f"/admin/workspaces/{model}/").status_code == 200
    assert client.get(f"/admin/workspaces/{model}/add/").status_code == 403


def test_user_made_by_an_operator_may_sign_in_at_once(client, operator):
    fields = {"email": "Dora@Example.org", "name": "Dora", "password1": PASSWORD, "password2": PASSWORD}

    client.post("/admin/workspaces/user/add/", fields)
    client.logout()
    client.post("/accounts/login/", {"login": "dora@example.org", "password": PASSWORD})

    assert client.session["_auth_user_id"] == str(User.objects.get(email="dora@example.org").pk)


def test_address_of_a_user_is_not_changed_here(client, acme, operator):
    client.post(f"/admin/workspaces/user/{acme.bob.pk}/change/", {"email": "mallory@example.org", "is_active": "on"})

    assert User.objects.get(pk=acme.bob.pk).email == "bob@example.org"


@pytest.fixture
def helper(client, db) -> User:
    """Staff who may edit users and is no superuser."""
    user = make_user("Helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="workspaces"))
    client.force_login(user)
    return user


def test_staff_cannot_make_themselves_superusers(client, helper):
    data = {"name": "Helper", "is_active": "on", "is_staff": "on", "is_superuser": "on"}

    assert client.post(f"/admin/workspaces/user/{helper.pk}/change/", data).status_code == 302

    assert not User.objects.get(pk=helper.pk).is_superuser


def test_staff_cannot_touch_a_superuser(client, helper):
    boss = User.objects.create_superuser("boss@example.org", PASSWORD)
    new = {"password1": "another good phrase", "password2": "another good phrase", "usable_password": "true"}

    answers = [
        client.post(f"/admin/workspaces/user/{boss.pk}/password/", new),
        client.post(f"/admin/workspaces/user/{boss.pk}/change/", {"name": "x"}),
        client.post(f"/admin/workspaces/user/{boss.pk}/delete/", {"post": "yes"}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert User.objects.get(pk=boss.pk).check_password(PASSWORD)


def test_second_factor_is_deleted_but_never_shown(client, acme, operator):
    TOTP.activate(acme.bob, generate_totp_secret())
    factor = Authenticator.objects.get()

    page = client.get(f"/admin/mfa/authenticator/{factor.pk}/change/").content.decode()

    assert factor.data["secret"] not in page
    client.post(f"/admin/mfa/authenticator/{factor.pk}/delete/", {"post": "yes"})
    assert not Authenticator.objects.exists()


def test_nobody_schedules_a_function_of_the_server(client, operator):
    fields = {"func": "subprocess.check_output", "args": "['id']", "schedule_type": "O", "repeats": -1}

    assert client.post("/admin/django_q/schedule/add/", fields).status_code == 403
    assert not Schedule.objects.exists()


def test_waiting_task_shows_its_place_and_not_its_payload(client, operator, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        hints.enqueue("pinconnect.workspaces.tasks.send_email", 7)
    task = OrmQ.objects.get()

    assert client.get("/admin/django_q/ormq/").status_code == 200
    page = client.get(f"/admin/django_q/ormq/{task.pk}/change/").content.decode()

    assert task.payload not in page
    assert client.post(f"/admin/django_q/ormq/{task.pk}/delete/", {"post": "yes"}).status_code == 403
