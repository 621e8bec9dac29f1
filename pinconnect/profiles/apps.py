"""Django's registration of the profiles app."""

from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    name = "pinconnect.profiles"
    label = "profiles"

    def ready(self) -> None:
        from pinconnect.profiles import messages  # noqa: F401 -- registers the alert kinds
