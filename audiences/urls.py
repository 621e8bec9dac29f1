"""Addresses of the audiences app."""

from django.urls import URLPattern

app_name = "audiences"
urlpatterns: list[URLPattern] = []
