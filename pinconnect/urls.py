"""Every address of the application."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("pinconnect.web.urls")),
    path("", include("pinconnect.workspaces.urls")),
    path("", include("pinconnect.alerts.urls")),
    path("", include("pinconnect.profiles.urls")),
    path("", include("pinconnect.datasets.urls")),
    path("", include("audiences.urls")),
    path("", include("invites.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
if settings.DEBUG or settings.DEMO:
    urlpatterns.append(path("styleguide/", include("pinconnect.web.styleguide_urls")))

handler400 = "pinconnect.web.errors.bad_request"
handler403 = "pinconnect.web.errors.forbidden"
handler404 = "pinconnect.web.errors.not_found"
handler500 = "pinconnect.web.errors.server_error"
