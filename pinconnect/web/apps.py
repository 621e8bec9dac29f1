"""Django's registration of the web app."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "pinconnect.web"
    label = "web"
