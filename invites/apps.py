"""Django's registration of the invites app."""

from django.apps import AppConfig


class InvitesConfig(AppConfig):
    name = "invites"
