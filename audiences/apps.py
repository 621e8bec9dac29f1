"""Django's registration of the audiences app."""

from django.apps import AppConfig


class AudiencesConfig(AppConfig):
    name = "audiences"

    def ready(self) -> None:
        from audiences import (  # noqa: F401 -- they register themselves
            alert_kinds,
            health,
            profile_care,
            profile_usage,
            reconcile,
            snapshot_pins,
        )
        from audiences.people import admin  # noqa: F401 -- registers its pages in the admin
        from audiences.people import reconcile as reconcile_people  # noqa: F401 -- registers its reconcilers
        from audiences.signals import receivers  # noqa: F401 -- listens to the apps below
        from audiences.watching import admin as admin_watching  # noqa: F401 -- registers its pages in the admin
        from audiences.watching import messages as messages_watching  # noqa: F401 -- registers its alerts
        from audiences.watching import reconcile as reconcile_watching  # noqa: F401 -- registers its reconcilers
