"""Django's registration of the profiles app."""

from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    name = "pinconnect.profiles"
    label = "profiles"

    def ready(self) -> None:
        from pinconnect.profiles import messages, reconcile  # noqa: F401 -- messages registers the alert kinds
        from pinconnect.queue import reconciler

        reconciler.register("profiles.renew", reconcile.hint_renewals, every_s=600)
        reconciler.register("profiles.read_ad_accounts", reconcile.hint_readings, every_s=3_600)
        reconciler.register("profiles.forget_old_states", reconcile.forget_old_states, every_s=3_600)
