"""Staff with some rights in the admin, who are no superusers."""

from django.contrib.auth.models import Permission

from pinconnect.workspaces.models import User
from tests.factories import make_user


def make_staff(*codenames: str) -> User:
    """Somebody who may enter the admin and holds these rights, such as view_run."""
    user = make_user("Helper", is_staff=True)
    granted = Permission.objects.filter(codename__in=codenames)
    assert {permission.codename for permission in granted} == set(codenames)
    user.user_permissions.set(granted)
    return user


def make_onlooker() -> User:
    """Somebody who may look at every page of the admin and do nothing there."""
    user = make_user("Onlooker", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return user
