"""Addresses of the invites app."""

from django.urls import URLPattern

app_name = "invites"
urlpatterns: list[URLPattern] = []
