"""Encrypted fields: nothing readable in the database, keys that rotate, and no silence about a wrong key."""

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import FieldError
from django.db import connection

from pinconnect.lib import crypto
from pinconnect.profiles.models import Profile
from tests.factories import make_workspace

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))


def stored(profile: Profile) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token FROM profiles_profile WHERE id = %s", [profile.pk])
        return str(cursor.fetchone()[0])


@pytest.fixture
def profile(db: None, settings: Any) -> Profile:
    settings.FIELD_KEYS = [OLD]
    return Profile.objects.create(workspace=make_workspace(), username="bob", access_token="pina_secret")


def test_value_is_unreadable_in_the_database_and_clear_in_python(profile: Profile) -> None:
    assert "pina" not in stored(profile)
    assert Profile.objects.get().access_token == "pina_secret"


def test_empty_text_stays_empty(profile: Profile) -> None:
    Profile.objects.update(access_token="")

    assert stored(profile) == ""
    assert Profile.objects.get().access_token == ""


def test_wrong_key_raises_instead_of_handing_out_what_is_stored(profile: Profile, settings: Any) -> None:
    settings.FIELD_KEYS = [OTHER]

    with pytest.raises(crypto.WrongKeyError):
        Profile.objects.get()


def test_looking_up_an_encrypted_value_is_refused(profile: Profile) -> None:
    with pytest.raises(FieldError):
        Profile.objects.filter(access_token="pina_secret").exists()

    assert Profile.objects.filter(access_token__isnull=False).exists()


def test_after_rotation_the_old_key_can_go(profile: Profile, settings: Any) -> None:
    settings.FIELD_KEYS = [NEW, OLD]
    field = Profile._meta.get_field("access_token")

    assert crypto.rotate_field(Profile, field) == 1

    settings.FIELD_KEYS = [NEW]
    assert Profile.objects.get().access_token == "pina_secret"


def test_rotation_says_when_a_value_cannot_be_read(profile: Profile, settings: Any) -> None:
    settings.FIELD_KEYS = [NEW, OTHER]

    with pytest.raises(crypto.WrongKeyError, match="access_token"):
        crypto.rotate_field(Profile, Profile._meta.get_field("access_token"))


def test_every_encrypted_field_is_found_for_rotation() -> None:
    found = {(model.__name__, field.name) for model, field in crypto.encrypted_fields()}

    assert {("Profile", "access_token"), ("Profile", "refresh_token")} <= found
    assert "second factors" in crypto.other_rotations()
