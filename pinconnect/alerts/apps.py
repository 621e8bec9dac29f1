"""Django's registration of the alerts app."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "pinconnect.alerts"
    label = "alerts"
