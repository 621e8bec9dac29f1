"""Addresses of the style guide."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
