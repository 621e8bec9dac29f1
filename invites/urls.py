"""Addresses of app invites."""

from django.urls import path, re_path

from invites.views import own_page, partner, sender

app_name = "invites"
ACTIONS = "replace-link|resend|extend|revoke|archive"
urlpatterns = [
    path("w/<slug:workspace>/app-invites/", sender.invite_list, name="list"),
    path("w/<slug:workspace>/app-invites/new/", sender.invite_create, name="create"),
    path("w/<slug:workspace>/app-invites/<int:pk>/", sender.invite_detail, name="detail"),
    re_path(
        rf"^w/(?P<workspace>[-a-zA-Z0-9_]+)/app-invites/(?P<pk>[0-9]+)/(?P<action>{ACTIONS})/$",
        sender.invite_act,
        name="act",
    ),
    path("connect/back/", partner.finish, name="finish"),
    path("connect/<str:code>/", partner.landing, name="landing"),
    path("connect/<str:code>/start/", partner.start, name="start"),
    path("partner/", own_page.lost, name="lost"),
    path("partner/back/", own_page.recovered, name="recovered"),
    path("partner/<str:code>/", own_page.partner_page, name="partner-page"),
    path("partner/<str:code>/withdraw/", own_page.withdraw, name="withdraw"),
]
