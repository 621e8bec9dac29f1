"""Addresses of the alerts app."""

from django.urls import path

from pinconnect.alerts import views

app_name = "alerts"
urlpatterns = [path("w/<slug:workspace>/alerts/", views.alert_list, name="list")]
