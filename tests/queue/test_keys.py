"""Keys of encrypted fields are made and changed from the command line."""

from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection

from pinconnect.lib import crypto
from pinconnect.profiles.models import Profile
from tests import factories

pytestmark = pytest.mark.django_db


def make_profile(token: str) -> Profile:
    return Profile.objects.create(workspace=factories.make_workspace(), username="acme", access_token=token)


def stored_token(profile: Profile) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token FROM profiles_profile WHERE id = %s", [profile.pk])
        return str(cursor.fetchone()[0])


def say(command: str) -> str:
    out = StringIO()
    call_command(command, stdout=out)
    return out.getvalue()


def test_a_new_key_can_be_used() -> None:
    key = say("new_field_key").strip()

    assert Fernet(key).decrypt(Fernet(key).encrypt(b"token")) == b"token"
    assert key != say("new_field_key").strip()


def test_rotation_moves_everything_to_the_newest_key(settings: Any) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.FIELD_KEYS = [old]
    profile = make_profile("clear-token")

    settings.FIELD_KEYS = [new, old]
    said = say("rotate_field_keys")

    assert Fernet(new).decrypt(stored_token(profile)) == b"clear-token"
    assert "values are under the newest key" in said
    assert "clear-token" not in said


def test_rotation_without_the_old_key_says_what_to_do_and_changes_nothing(settings: Any) -> None:
    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    profile = make_profile("clear-token")
    before = stored_token(profile)

    settings.FIELD_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CommandError, match="Add the key with which it was written to the end of FIELD_KEYS"):
        say("rotate_field_keys")

    assert stored_token(profile) == before


def test_an_empty_token_stays_empty(settings: Any) -> None:
    profile = make_profile("")

    say("rotate_field_keys")

    assert stored_token(profile) == ""
    assert crypto.encrypted_fields()
