"""Staff of the admin stay within their rights: on members, addresses, second factors and groups."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Group, Permission

from pinconnect.workspaces.models import Membership, User
from pinconnect.workspaces.roles import Role
from tests.factories import PASSWORD, make_member, make_user
from tests.support.staff import make_staff


@pytest.fixture
def boss(db) -> User:
    return User.objects.create_superuser("boss@example.org", PASSWORD)


def act(client, model: str, action: str, *rows, **fields: str):
    data = {"action": action, "_selected_action": [row.pk for row in rows], **fields}
    return client.post(f"/admin/{model}/", data)


def test_who_may_only_look_at_members_does_not_become_admin(client, acme):
    helper = make_staff("view_membership", "change_workspace", "delete_user")
    membership = make_member(acme.workspace, Role.VIEWER, user=helper)
    client.force_login(helper)

    act(client, "workspaces/membership", "make_admin", membership)
    act(client, "workspaces/membership", "remove", acme.membership(acme.bob))

    assert acme.membership(helper).role == Role.VIEWER
    assert acme.membership(acme.bob)


def test_who_may_change_members_changes_roles_and_removes_nobody(client, acme):
    client.force_login(make_staff("change_membership"))

    act(client, "workspaces/membership", "make_viewer", acme.membership(acme.bob))
    act(client, "workspaces/membership", "remove", acme.membership(acme.bob))

    assert acme.membership(acme.bob).role == Role.VIEWER


def test_who_may_delete_members_removes_them(client, acme):
    client.force_login(make_staff("view_membership", "delete_membership"))

    act(client, "workspaces/membership", "remove", acme.membership(acme.bob))

    assert not Membership.objects.filter(user=acme.bob).exists()


RIGHTS_ON_ADDRESSES = ("view_emailaddress", "add_emailaddress", "change_emailaddress", "delete_emailaddress")


def test_nobody_adds_or_verifies_an_address_of_somebody_else(client, boss):
    mine = {"user": boss.pk, "email": "mallory@example.org", "verified": "on"}
    address = EmailAddress.objects.create(user=boss, email="other@example.org", verified=False)
    page = "/admin/account/emailaddress/"

    for who in (make_staff(*RIGHTS_ON_ADDRESSES), make_user("Operator", is_staff=True, is_superuser=True)):
        client.force_login(who)
        act(client, "account/emailaddress", "make_verified", address)
        assert client.get(page, {"q": "other"}).context["cl"].result_count == 1
        assert client.post(f"{page}add/", mine).status_code == 403
        assert client.post(f"{page}{address.pk}/change/", mine).status_code == 403
        assert client.post(f"{page}{address.pk}/delete/", {"post": "yes"}).status_code == 403

    address.refresh_from_db()
    assert (address.email, address.verified) == ("other@example.org", False)
    assert not EmailAddress.objects.filter(email="mallory@example.org").exists()


def test_user_is_deleted_together_with_the_address(client, boss):
    mistyped = make_user("Bbo")
    client.force_login(boss)

    client.post(f"/admin/workspaces/user/{mistyped.pk}/delete/", {"post": "yes"})

    assert not User.objects.filter(pk=mistyped.pk).exists()
    assert not EmailAddress.objects.filter(email=mistyped.email).exists()


def test_staff_cannot_delete_the_second_factor_of_a_superuser(client, acme, boss):
    for user in (boss, acme.bob):
        TOTP.activate(user, generate_totp_secret())
    hers, his = Authenticator.objects.get(user=boss), Authenticator.objects.get(user=acme.bob)
    client.force_login(make_staff("view_authenticator", "delete_authenticator"))
    page = "/admin/mfa/authenticator/"

    assert client.post(f"{page}{hers.pk}/delete/", {"post": "yes"}).status_code == 403
    assert act(client, "mfa/authenticator", "delete_selected", hers, his, post="yes").status_code == 403
    assert client.post(f"{page}{his.pk}/delete/", {"post": "yes"}).status_code == 302

    assert list(Authenticator.objects.all()) == [hers]


def test_superuser_deletes_the_second_factor_of_another(client, boss):
    TOTP.activate(boss, generate_totp_secret())
    client.force_login(make_user("Operator", is_staff=True, is_superuser=True))

    client.post(f"/admin/mfa/authenticator/{Authenticator.objects.get().pk}/delete/", {"post": "yes"})

    assert not Authenticator.objects.exists()


def test_staff_cannot_give_rights_to_their_own_group(client, db):
    helper = make_staff("view_group", "add_group", "change_group", "delete_group")
    group = Group.objects.create(name="Support")
    helper.groups.add(group)
    client.force_login(helper)
    more = {"name": "Support", "permissions": [Permission.objects.get(codename="change_user").pk]}

    assert client.get("/admin/auth/group/").status_code == 200
    assert client.post(f"/admin/auth/group/{group.pk}/change/", more).status_code == 403
    assert client.post("/admin/auth/group/add/", {**more, "name": "More"}).status_code == 403
    assert client.post(f"/admin/auth/group/{group.pk}/delete/", {"post": "yes"}).status_code == 403

    assert not Group.objects.get().permissions.exists()


def test_superusers_change_groups(client, boss):
    group = Group.objects.create(name="Support")
    right = Permission.objects.get(codename="view_run")
    client.force_login(boss)

    client.post(f"/admin/auth/group/{group.pk}/change/", {"name": "Support", "permissions": [right.pk]})

    assert list(group.permissions.all()) == [right]
