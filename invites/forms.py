"""Shape and wording of what a marketer enters for an app invite."""

import re
from datetime import timedelta
from typing import Any

from django import forms
from django.db import models

from invites.models import Purpose
from invites.services.sending import InviteWishes
from pinconnect.lib.tokens import new_token
from pinconnect.profiles.models import Profile

LIFETIMES = ((1, "1 day"), (3, "3 days"), (7, "7 days"), (14, "14 days"), (30, "30 days"))


class ResendForm(forms.Form):
    partner_email = forms.EmailField(
        label="Send a fresh link to", max_length=254, error_messages={"required": "Enter the partner's e-mail address."}
    )


class InviteForm(forms.Form):
    form_key = forms.RegexField(r"^[A-Za-z0-9_-]{43}$", required=False, widget=forms.HiddenInput, initial=new_token)
    purpose = forms.ChoiceField(
        choices=Purpose.choices, widget=forms.RadioSelect, initial=Purpose.NEW, label="What for"
    )
    profile = forms.ModelChoiceField(
        queryset=Profile.objects.none(),
        required=False,
        empty_label="Choose a profile",
        label="Profile to update",
        help_text="Only for “Update existing profile token”. No other Pinterest account is accepted.",
    )
    partner_name = forms.CharField(max_length=100, help_text="A person or a company, as you call them.")
    partner_email = forms.EmailField(
        required=False,
        label="Partner's e-mail",
        max_length=254,
        help_text="We send the link there. Without it you copy the link and send it yourself.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    message = forms.CharField(
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Shown in the e-mail and on the partner's page. Say what it is about.",
    )
    expected_username = forms.CharField(
        max_length=100,
        required=False,
        label="Expected Pinterest user name",
        help_text="If you know it: any other Pinterest account is then refused. Only for a new profile.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    ad_account_request = forms.CharField(
        max_length=200,
        required=False,
        label="Ad account you need",
        help_text="In words, for example “Acme UK”. The partner reads it and can check that they reach it.",
    )
    days = forms.TypedChoiceField(choices=LIFETIMES, coerce=int, initial=7, label="The link works for")
    reminders = forms.BooleanField(
        required=False,
        label="Remind the partner by e-mail two days before it ends",
        help_text="A link that works for two days or less gets no reminder.",
    )

    def __init__(self, *args: Any, profiles: models.QuerySet[Profile], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["profile"].queryset = profiles  # type: ignore[attr-defined]

    def clean_expected_username(self) -> str:
        """Accepts what people paste: with an @, or the address of the profile."""
        text: str = self.cleaned_data["expected_username"].rstrip("/")
        username = text.rpartition("/")[2].removeprefix("@")
        if username and not re.fullmatch(r"[A-Za-z0-9_.-]+", username):
            raise forms.ValidationError("A Pinterest user name has letters, digits and underscores only.")
        return username

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("purpose") == Purpose.RECONNECT and not data.get("profile") and "profile" not in self.errors:
            self.add_error("profile", "Choose the profile whose token the partner updates.")
        if data.get("reminders") and not data.get("partner_email") and "partner_email" not in self.errors:
            self.add_error("partner_email", "A reminder needs the partner's e-mail address.")
        return data

    def wishes(self) -> InviteWishes:
        data = self.cleaned_data
        is_reconnect = data["purpose"] == Purpose.RECONNECT
        return InviteWishes(
            partner_name=" ".join(data["partner_name"].split()),
            partner_email=data["partner_email"],
            message=data["message"],
            expected_username="" if is_reconnect else data["expected_username"],
            ad_account_request=data["ad_account_request"],
            profile=data["profile"] if is_reconnect else None,
            lifetime=timedelta(days=data["days"]),
            reminders=data["reminders"],
            form_key=data["form_key"],
        )
