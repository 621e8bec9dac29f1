"""The first person of an own installation: an operator with a workspace."""

import getpass
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction

from pinconnect.workspaces import services
from pinconnect.workspaces.forms import time_zones
from pinconnect.workspaces.models import User

_ATTEMPTS = 3


class Command(BaseCommand):
    help = "Make a user who may sign in at once, open the admin, and is admin of a new workspace."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="The e-mail address to sign in with.")
        parser.add_argument("--name", default="", help="The person's name.")
        parser.add_argument("--workspace", default="", help="Name of the workspace to make (default: My workspace).")
        parser.add_argument("--time-zone", default="UTC", help="Time zone of the workspace, for example Europe/Berlin.")
        parser.add_argument(
            "--password-stdin", action="store_true", help="Read the password from standard input, for scripts."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        email = self._checked_email(options["email"])
        user = User(email=email, name=options["name"])
        password = self._from_stdin(user) if options["password_stdin"] else self._asked(user)
        with transaction.atomic():
            user = services.create_verified_user(
                email=email, password=password, name=options["name"], is_staff=True, is_superuser=True
            )
            workspace = services.create_workspace(
                name=options["workspace"] or "My workspace", by=user, time_zone=self._checked_zone(options["time_zone"])
            )
        self.stdout.write(self.style.SUCCESS(f"Done: sign in to open the workspace “{workspace.name}”."))

    def _checked_email(self, email: str) -> str:
        email = email.strip().lower()
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError("This is not an e-mail address.") from error
        if User.objects.filter(email=email).exists():
            raise CommandError("This address has a user already. To set a new password: manage.py changepassword.")
        return email

    def _checked_zone(self, zone: str) -> str:
        if zone not in dict(time_zones()):
            raise CommandError(f"{zone} is not a time zone. An example: Europe/Berlin.")
        return zone

    def _from_stdin(self, user: User) -> str:
        password = sys.stdin.readline().rstrip("\n")
        self._check(password, user)
        return password

    def _asked(self, user: User) -> str:
        for _ in range(_ATTEMPTS):
            password = getpass.getpass("Password: ")
            if password != getpass.getpass("Password (again): "):
                self.stderr.write("The two differ. Try again.")
                continue
            try:
                self._check(password, user)
            except CommandError as error:
                self.stderr.write(str(error))
                continue
            return password
        raise CommandError("No password was set, so nobody was made.")

    @staticmethod
    def _check(password: str, user: User) -> None:
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
