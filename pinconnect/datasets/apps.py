"""Django's registration of the datasets app."""

from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    name = "pinconnect.datasets"
    label = "datasets"

    def ready(self) -> None:
        from pinconnect.datasets import reconcile

        reconcile.register()
