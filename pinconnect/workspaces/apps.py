"""Django's registration of the workspaces app."""

from django.apps import AppConfig


class WorkspacesConfig(AppConfig):
    name = "pinconnect.workspaces"
    label = "workspaces"

    def ready(self) -> None:
        from allauth.account.decorators import secure_admin_login
        from django.contrib import admin

        from pinconnect.lib import crypto
        from pinconnect.queue import reconciler
        from pinconnect.workspaces import checks, mail  # noqa: F401 -- registers the system checks
        from pinconnect.workspaces.services import invitations, second_factors

        mail.register(invitations.EMAIL_KIND, invitations.compose)
        reconciler.register("workspaces.emails", mail.send_due, every_s=60)
        reconciler.register("workspaces.old-emails", mail.prune, every_s=86_400)
        crypto.register_rotation("second factors", second_factors.rotate_second_factors)
        # The admin's own sign-in knows neither the second factor nor the limits on attempts.
        admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
        admin.site.site_header = admin.site.site_title = "PinConnect admin"
