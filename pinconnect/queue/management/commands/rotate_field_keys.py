"""Writes every encrypted field anew under the newest key, so that the older keys can be dropped."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pinconnect.lib import crypto


class Command(BaseCommand):
    help = "Encrypts everything anew with the first key of FIELD_KEYS. Safe while the application runs, and to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        work: dict[str, Callable[[], int]] = {
            f"{model._meta.verbose_name}, {field.verbose_name}": partial(crypto.rotate_field, model, field)
            for model, field in crypto.encrypted_fields()
        }
        total = 0
        for name, rotate in (work | crypto.other_rotations()).items():
            try:
                changed = rotate()
            except crypto.WrongKeyError as error:
                raise CommandError(
                    f"{error} What was done so far stays done. "
                    "Add the key with which it was written to the end of FIELD_KEYS and run this again."
                ) from error
            self.stdout.write(f"{name}: {changed} written anew.")
            total += changed
        self.stdout.write(f"{total} values are under the newest key. All others can be taken out of FIELD_KEYS now.")
