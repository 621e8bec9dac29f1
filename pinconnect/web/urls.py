"""Addresses of the web app."""

from django.urls import path

from pinconnect.web import health

app_name = "web"
urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
