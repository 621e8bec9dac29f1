"""Input about workspaces, members and the audit log."""

import zoneinfo
from typing import Any

from allauth.account.forms import LoginForm
from django import forms
from django.conf import settings

from pinconnect.workspaces.models import AuditEvent, Workspace
from pinconnect.workspaces.roles import DESCRIPTIONS, Role


def time_zones() -> list[tuple[str, str]]:
    """Every zone of the machine that has a place in its name, and UTC first."""
    named = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone and not zone.startswith("Etc/"))
    return [("UTC", "UTC"), *((zone, zone.replace("_", " ")) for zone in named)]


class WorkspaceForm(forms.Form):
    name = forms.CharField(
        max_length=80, label="Name", help_text="What your colleagues call it: your brand or your company, for example."
    )
    time_zone = forms.ChoiceField(
        choices=time_zones,
        label="Time zone",
        initial=lambda: settings.TIME_ZONE,
        help_text="Times are shown in this zone, and schedules run in it.",
    )


class LogoForm(forms.Form):
    picture = forms.FileField(
        label="Picture",
        allow_empty_file=True,
        error_messages={"required": "Choose a PNG or JPEG picture of at most 200 kB."},
        help_text="PNG or JPEG, at most 200 kB. About 400 pixels wide is enough.",
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg"}),
    )


class RoleForm(forms.Form):
    role = forms.ChoiceField(
        label="Role",
        choices=[(role.value, f"{role.label}: {DESCRIPTIONS[role]}") for role in Role],
        widget=forms.RadioSelect(attrs={"class": "choices--cards"}),
        initial=Role.MARKETER,
    )

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class InviteForm(RoleForm):
    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        help_text="The invitation works for this address only, and for seven days.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    field_order = ["email", "role"]


class PersonForm(forms.Form):
    name = forms.CharField(
        required=False,
        max_length=150,
        label="Your name",
        help_text="Shown to the members of your workspaces. Without it they see your e-mail address.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class AuditFilterForm(forms.Form):
    """Every field is optional; what cannot be read is left out and said at its field."""

    text = forms.CharField(required=False, max_length=100, label="Contains")
    who = forms.ChoiceField(required=False, label="Who")
    about = forms.ChoiceField(required=False, label="About")
    since = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, label="To", widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        events = AuditEvent.objects.for_workspace(workspace).order_by()
        self.choose("who", "Anybody", [(who, who) for who in events.values_list("actor_label", flat=True).distinct()])
        areas = {verb.partition(".")[0] for verb in events.values_list("verb", flat=True).distinct()}
        self.choose("about", "Anything", [(area, area.replace("_", " ").capitalize()) for area in areas])

    def choose(self, name: str, nothing: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 -- tells the type checker what is declared above
        field.choices = [("", nothing), *sorted(choices)]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            self.add_error("until", "The end lies before the beginning.")
        return cleaned


class SignInForm(LoginForm):
    """Type, Tab, type, Enter: nothing stands between the two fields."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autofocus"] = True
        # The way to a new password stands below the button, not between the fields.
        self.fields["password"].help_text = ""
