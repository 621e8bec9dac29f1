"""Django's registration of the invites app."""

from django.apps import AppConfig


class InvitesConfig(AppConfig):
    name = "invites"

    def ready(self) -> None:
        from invites import emails, messages, profile_origin, receivers, reconcile  # noqa: F401 -- they register themselves
        from pinconnect.queue import reconciler

        reconciler.register("invites.ask_for_expired", reconcile.ask_for_expired, every_s=300)
