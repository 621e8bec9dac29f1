"""Django's registration of the web app."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "pinconnect.web"
    label = "web"

    def ready(self) -> None:
        from pinconnect.web import checks  # noqa: F401 -- they register themselves
