"""Django's registration of the invites app."""

from django.apps import AppConfig


class InvitesConfig(AppConfig):
    name = "invites"

    def ready(self) -> None:
        from invites import emails, messages  # noqa: F401 -- registers the kinds of e-mail and alert
