"""Addresses of the style guide."""

from django.urls import path

from pinconnect.web import styleguide

app_name = "styleguide"
urlpatterns = [
    path("", styleguide.index, name="index"),
    path("confirm/", styleguide.confirm, name="confirm"),
    path("bare/", styleguide.bare, name="bare"),
    path("errors/<str:code>/", styleguide.error, name="error"),
]
