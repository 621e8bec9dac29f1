"""Addresses of the profiles app."""

from django.urls import path

from pinconnect.profiles.views import ad_accounts, callback, profiles, window

app_name = "profiles"
urlpatterns = [
    path("w/<slug:workspace>/profiles/", profiles.index, name="list"),
    path("w/<slug:workspace>/profiles/connect/", profiles.connect, name="connect"),
    path("w/<slug:workspace>/profiles/<int:pk>/", profiles.detail, name="detail"),
    path("w/<slug:workspace>/profiles/<int:pk>/window/", window.window_end, name="window-end"),
    path("w/<slug:workspace>/profiles/<int:pk>/renew/", profiles.renew, name="renew"),
    path("w/<slug:workspace>/profiles/<int:pk>/disconnect/", profiles.disconnect, name="disconnect"),
    path("w/<slug:workspace>/profiles/<int:pk>/read-ad-accounts/", profiles.read_ad_accounts, name="read-ad-accounts"),
    path("w/<slug:workspace>/ad-accounts/", ad_accounts.index, name="ad-accounts"),
    path("w/<slug:workspace>/ad-accounts/choose/", ad_accounts.choose, name="ad-accounts-choose"),
    path("oauth/pinterest/callback/", callback.callback, name="callback"),
]
