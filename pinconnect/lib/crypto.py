"""Encryption of single database fields, with keys that can be rotated."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models


class WrongKeyError(Exception):
    """What is stored cannot be decrypted with any key of FIELD_KEYS."""


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def fernet() -> MultiFernet:
    """The cipher for the current keys: the first of FIELD_KEYS writes, all of them read."""
    return _fernet(tuple(settings.FIELD_KEYS))


def encrypt(text: str) -> str:
    return fernet().encrypt(text.encode()).decode()


def decrypt(stored: str) -> str:
    """Raises WrongKeyError; never hands out the stored text in place of the clear one."""
    try:
        return fernet().decrypt(stored.encode()).decode()
    except InvalidToken as error:
        raise WrongKeyError("An encrypted field cannot be read with any key of FIELD_KEYS.") from error


class EncryptedTextField(models.TextField):
    """Text that is encrypted in the database and clear in Python; None and "" are kept as they are.

    Only isnull can be looked up: the same text is stored differently each time.
    """

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return encrypt(value) if value else value

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return decrypt(value) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted: it can be looked up with isnull only.")
        return super().get_lookup(lookup_name)


def encrypted_fields() -> list[tuple[type[models.Model], EncryptedTextField]]:
    """Every encrypted field of every installed model, for key rotation."""
    from django.apps import apps

    return [
        (model, field)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, EncryptedTextField)
    ]


# What is encrypted with the same keys outside our own fields, for example inside another app's JSON.
_others: dict[str, Callable[[], int]] = {}


def register_rotation(name: str, rotate: Callable[[], int]) -> None:
    """rotate writes everything of its kind anew under the newest key and returns how many it changed."""
    _others[name] = rotate


def other_rotations() -> dict[str, Callable[[], int]]:
    return dict(_others)


def rotate_field(model: type[models.Model], field: EncryptedTextField) -> int:
    """Write every value of one field anew under the newest key; returns how many were changed.

    A row that changes meanwhile is left alone: whoever changed it wrote it under the newest key already.
    """
    from django.db import connections, router

    connection = connections[router.db_for_write(model)]
    quote = connection.ops.quote_name
    table, column, key = quote(model._meta.db_table), quote(str(field.column)), quote(str(model._meta.pk.column))
    changed = 0
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {key}, {column} FROM {table} WHERE {column} IS NOT NULL AND {column} <> ''")  # noqa: S608 -- names come from our own models
        rows = cursor.fetchall()
        for pk, old in rows:
            try:
                new = fernet().rotate(old.encode()).decode()
            except InvalidToken as error:
                raise WrongKeyError(f"{model.__name__} {pk}: {field.name} cannot be read with any key.") from error
            cursor.execute(
                f"UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s",  # noqa: S608 -- as above
                [new, pk, old],
            )
            changed += cursor.rowcount
    return changed
