"""Addresses of the web app."""

from django.urls import URLPattern

app_name = "web"
urlpatterns: list[URLPattern] = []
