"""Django's registration of the profiles app."""

from django.apps import AppConfig
from django.conf import settings


class ProfilesConfig(AppConfig):
    name = "pinconnect.profiles"
    label = "profiles"

    def ready(self) -> None:
        from pinconnect.lib import redact
        from pinconnect.profiles import messages, reconcile  # noqa: F401 -- messages registers the alert kinds
        from pinconnect.queue import reconciler

        # Whoever holds one of these can act for every profile, so no log may show them even by accident.
        redact.hide(settings.PINTEREST_APP_SECRET, settings.SECRET_KEY, *settings.FIELD_KEYS)
        reconciler.register("profiles.renew", reconcile.hint_renewals, every_s=600)
        reconciler.register("profiles.announce_expiring", reconcile.announce_expiring, every_s=3_600)
        reconciler.register("profiles.read_ad_accounts", reconcile.hint_readings, every_s=3_600)
        reconciler.register("profiles.forget_old_states", reconcile.forget_old_states, every_s=3_600)
