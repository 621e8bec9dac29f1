"""The roles of a member and what each may do."""

from enum import StrEnum

from django.db import models


class Role(models.TextChoices):
    VIEWER = "viewer", "Viewer"
    MARKETER = "marketer", "Marketer"
    ADMIN = "admin", "Admin"


DESCRIPTIONS: dict[Role, str] = {
    Role.VIEWER: "sees everything in the workspace, and changes nothing",
    Role.MARKETER: "connects profiles, uploads datasets, sets up and runs deliveries",
    Role.ADMIN: "does what marketers do, and manages members, settings and the audit log",
}


class Verb(StrEnum):
    VIEW = "view"  # see everything in the workspace
    OPERATE = "operate"  # connect profiles, upload datasets, set up and run deliveries
    ADMINISTER = "administer"  # members, roles, workspace settings, audit log


VERBS: dict[Role, frozenset[Verb]] = {
    Role.VIEWER: frozenset({Verb.VIEW}),
    Role.MARKETER: frozenset({Verb.VIEW, Verb.OPERATE}),
    Role.ADMIN: frozenset({Verb.VIEW, Verb.OPERATE, Verb.ADMINISTER}),
}


def allows(role: str, verb: Verb) -> bool:
    return verb in VERBS[Role(role)]
