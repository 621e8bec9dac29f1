"""Addresses of the dashboard, deliveries and runs."""

from django.urls import path

from audiences.views import (
    audiences,
    dashboard,
    decision,
    deliveries,
    doctor,
    erasures,
    lab,
    people,
    rows,
    runs,
    schedules,
    setup,
    standby,
)

app_name = "audiences"
urlpatterns = [
    path("w/<slug:workspace>/", dashboard.dashboard, name="dashboard"),
    path("w/<slug:workspace>/deliveries/", deliveries.delivery_list, name="delivery-list"),
    path("w/<slug:workspace>/deliveries/new/", setup.delivery_create, name="delivery-create"),
    path("w/<slug:workspace>/deliveries/<int:pk>/", deliveries.delivery_detail, name="delivery-detail"),
    path("w/<slug:workspace>/deliveries/<int:pk>/setup/<slug:step>/", setup.delivery_setup, name="delivery-setup"),
    path("w/<slug:workspace>/deliveries/<int:pk>/publish/", setup.delivery_publish, name="delivery-publish"),
    path("w/<slug:workspace>/deliveries/<int:pk>/run/", deliveries.delivery_run, name="delivery-run"),
    path("w/<slug:workspace>/deliveries/<int:pk>/pause/", deliveries.delivery_pause, name="delivery-pause"),
    path("w/<slug:workspace>/deliveries/<int:pk>/resume/", deliveries.delivery_resume, name="delivery-resume"),
    path("w/<slug:workspace>/deliveries/<int:pk>/standby/", standby.delivery_standby, name="delivery-standby"),
    path("w/<slug:workspace>/deliveries/<int:pk>/archive/", deliveries.delivery_archive, name="delivery-archive"),
    path("w/<slug:workspace>/deliveries/<int:pk>/rows/", rows.delivery_rows, name="delivery-rows"),
    path("w/<slug:workspace>/deliveries/<int:pk>/schedule/", schedules.delivery_schedule, name="delivery-schedule"),
    path("w/<slug:workspace>/audiences/<int:pk>/", audiences.audience_detail, name="audience-detail"),
    path("w/<slug:workspace>/audiences/<int:pk>/anew/", audiences.audience_anew, name="audience-anew"),
    path("w/<slug:workspace>/audiences/<int:pk>/watch/", audiences.audience_watch, name="audience-watch"),
    path("w/<slug:workspace>/audiences/<int:pk>/drifts/<int:drift>/known/", audiences.drift_known, name="drift-known"),
    path("w/<slug:workspace>/runs/<int:pk>/", runs.run_detail, name="run-detail"),
    path("w/<slug:workspace>/runs/<int:pk>/refused.csv", runs.run_rejects, name="run-rejects"),
    path("w/<slug:workspace>/runs/<int:pk>/cancel/", runs.run_cancel, name="run-cancel"),
    path("w/<slug:workspace>/runs/<int:pk>/decide/", runs.run_decide, name="run-decide"),
    path("decide/<int:run>/<int:user>/<int:until>/<str:seal>/", decision.run_decision, name="run-decision"),
    path("w/<slug:workspace>/deliveries/<int:pk>/doctor/", doctor.delivery_doctor, name="delivery-doctor"),
    path("w/<slug:workspace>/deliveries/<int:pk>/doctor/examine/", doctor.delivery_examine, name="delivery-examine"),
    path("w/<slug:workspace>/erasures/", erasures.erasure_list, name="erasure-list"),
    path("w/<slug:workspace>/erasures/new/", erasures.erasure_create, name="erasure-create"),
    path("w/<slug:workspace>/erasures/<int:pk>/", erasures.erasure_detail, name="erasure-detail"),
    path("w/<slug:workspace>/erasures/<int:pk>/receipt.json", erasures.erasure_json, name="erasure-json"),
    path("w/<slug:workspace>/erasures/<int:pk>/receipt.csv", erasures.erasure_csv, name="erasure-csv"),
    path("w/<slug:workspace>/lab/", lab.hash_lab, name="lab"),
    path("w/<slug:workspace>/people/", people.person, name="person"),
]
