"""Alert kinds of app invites."""

from django.urls import reverse

from pinconnect.alerts.registry import AlertKind, Severity, register

register(
    AlertKind(
        id="invites.withdrawn",
        severity=Severity.CRITICAL,
        title="{partner} withdrew access to @{username}",
        body="The partner took back the access granted through an app invite. Its tokens are deleted here, "
        "and deliveries that used this profile are paused.",
        next_step="Talk to the partner, or choose another profile for the deliveries.",
        url=lambda context: reverse("profiles:detail", args=[context["workspace"], context["profile"]]),
    ),
)
