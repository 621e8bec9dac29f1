"""Django's registration of the alerts app."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "pinconnect.alerts"
    label = "alerts"

    def ready(self) -> None:
        from pinconnect.alerts import emails
        from pinconnect.workspaces import mail

        mail.register(emails.RAISED, emails.compose_raised)
        mail.register(emails.RESOLVED, emails.compose_resolved)
