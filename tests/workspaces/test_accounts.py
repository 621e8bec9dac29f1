"""Signing in: second factors, the admin's door, limits on attempts, the first admin, demo data."""

import io

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from pinconnect.lib.crypto import WrongKeyError
from pinconnect.workspaces import checks
from pinconnect.workspaces.models import Membership, User
from pinconnect.workspaces.roles import Role
from tests.factories import PASSWORD, make_user, make_workspace


def sign_in(client, email, password=PASSWORD):
    return client.post("/accounts/login/", {"login": email, "password": password})


def test_second_factor_is_stored_encrypted(db):
    secret = generate_totp_secret()

    TOTP.activate(make_user("Alice"), secret)

    stored = Authenticator.objects.get().data["secret"]
    assert secret not in stored
    assert get_adapter().decrypt(stored) == secret


def test_second_factor_under_an_unknown_key_is_an_error_not_a_secret(db):
    with pytest.raises(WrongKeyError):
        get_adapter().decrypt("not encrypted")


def test_password_alone_does_not_open_the_admin_of_who_has_a_second_factor(client, db):
    staff = make_user("Alice", is_staff=True, is_superuser=True)
    TOTP.activate(staff, generate_totp_secret())

    reply = sign_in(client, staff.email)

    assert reply.url.startswith("/accounts/2fa/authenticate/")
    assert client.get("/admin/").status_code == 302


def test_admin_has_no_sign_in_of_its_own(client, db):
    make_user("Alice", is_staff=True, is_superuser=True)

    page = client.post("/admin/login/", {"username": "alice@example.org", "password": PASSWORD})

    assert page.status_code == 302
    assert page.url.startswith("/accounts/login/")


def test_member_who_is_not_staff_does_not_enter_the_admin(client, db):
    client.force_login(make_user("Alice"))

    assert client.get("/admin/", follow=True).status_code == 403


def test_guessing_is_stopped_even_for_the_right_password(client, db):
    make_user("Alice")
    for _ in range(5):
        sign_in(client, "alice@example.org", "wrong")

    reply = sign_in(client, "alice@example.org")

    assert "Too many failed login attempts" in reply.content.decode()
    assert "_auth_user_id" not in client.session


def test_limits_are_shared_by_all_processes(settings):
    from pinconnect import settings as shipped

    assert "DatabaseCache" in shipped.CACHES["default"]["BACKEND"]


def test_unverified_address_does_not_sign_in(client, db):
    make_user("Alice", is_verified=False)

    sign_in(client, "alice@example.org")

    assert "_auth_user_id" not in client.session


def test_superuser_of_the_command_line_may_sign_in_at_once(client, db):
    User.objects.create_superuser("root@example.org", PASSWORD)

    sign_in(client, "root@example.org")

    assert client.get("/admin/").status_code == 200


def create_admin(monkeypatch, email="Root@Example.org", password=PASSWORD, **options) -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))
    out = io.StringIO()
    call_command("create_admin", email, password_stdin=True, stdout=out, **options)
    return out.getvalue()


def test_first_admin_gets_a_workspace_and_signs_in(client, db, monkeypatch):
    said = create_admin(monkeypatch, workspace="Acme", time_zone="Europe/Berlin")

    sign_in(client, "root@example.org")
    assert client.get("/w/acme/settings/").status_code == 200
    assert client.get("/admin/").status_code == 200
    assert Membership.objects.get().role == Role.ADMIN
    assert PASSWORD not in said


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"email": "nobody"}, "not an e-mail address"),
        ({"password": "12345678"}, "too common"),
        ({"password": "root@example.org"}, "too similar"),
        ({"time_zone": "Mars"}, "not a time zone"),
        ({"email": "alice@example.org"}, "has a user already"),
    ],
)
def test_first_admin_is_refused_in_words_and_nothing_is_made(db, monkeypatch, given, words):
    make_user("Alice")

    with pytest.raises(CommandError, match=words):
        create_admin(monkeypatch, **given)
    assert User.objects.count() == 1
    assert not Membership.objects.exists()


def test_password_is_asked_for_twice_and_checked(db, monkeypatch):
    typed = iter(["one", "two", "short", "short", PASSWORD, PASSWORD])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(typed))

    call_command("create_admin", "root@example.org", stdout=io.StringIO(), stderr=io.StringIO())

    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.parametrize("make", [make_user, make_workspace])
def test_production_start_refuses_what_a_demo_made(db, settings, make):
    settings.DEMO = False
    checks.refuse_demo_data()
    assert checks.no_demo_data_in_production(None, ["default"]) == []

    make("Demo", is_demo=True)

    with pytest.raises(ImproperlyConfigured, match="a demo made"):
        checks.refuse_demo_data()
    assert [problem.id for problem in checks.no_demo_data_in_production(None, ["default"])] == ["workspaces.E001"]


def test_demo_start_accepts_what_a_demo_made(db):
    make_user("Demo", is_demo=True)

    checks.refuse_demo_data()
    assert checks.no_demo_data_in_production(None, ["default"]) == []
