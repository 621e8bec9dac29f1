"""Addresses of the workspaces app."""

from django.urls import path

from pinconnect.workspaces.views import audit, join, logo, members, workspaces

app_name = "workspaces"
_settings = "w/<slug:workspace>/settings/"
urlpatterns = [
    path("", workspaces.home, name="home"),
    path("you/", workspaces.person, name="person"),
    path("workspaces/new/", workspaces.create, name="create"),
    path("join/", join.invitation, name="invitation"),
    path("join/switch-user/", join.switch_user, name="switch-user"),
    path("join/<str:token>/", join.join, name="join"),
    path(_settings, workspaces.settings, name="settings"),
    path(f"{_settings}change/", workspaces.change_settings, name="change-settings"),
    path(f"{_settings}logo/", logo.change, name="change-logo"),
    path(f"{_settings}logo/remove/", logo.remove, name="remove-logo"),
    path("logo/<str:name>", logo.show, name="logo"),
    path(f"{_settings}members/", members.members, name="members"),
    path(f"{_settings}members/invite/", members.invite, name="invite"),
    path(f"{_settings}members/leave/", members.leave, name="leave"),
    path(f"{_settings}members/<int:membership>/", members.member, name="member"),
    path(f"{_settings}members/<int:membership>/remove/", members.remove, name="remove-member"),
    path(f"{_settings}invitations/<int:invitation>/send-again/", members.send_again, name="send-invitation-again"),
    path(f"{_settings}invitations/<int:invitation>/revoke/", members.revoke, name="revoke-invitation"),
    path(f"{_settings}audit/", audit.audit_log, name="audit"),
]
