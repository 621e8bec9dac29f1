"""Shape and wording of what people enter when they set up a delivery."""

from typing import Any

from django import forms
from django.db import models

from audiences.models import Delivery, Mode, Scope
from pinconnect.datasets.models import Column, Dataset
from pinconnect.identifiers import countries, kinds
from pinconnect.profiles.models import AdAccount, Profile

NOT_SENT = "This column is not sent"
TREATMENTS = (
    ("auto", "Find out per value"),
    ("plain", "Plain: normalise, then hash"),
    ("hashed", "Already SHA-256: send as it is"),
)
NO_COUNTRY = ("", "None: only numbers with a country code")


class BasicsForm(forms.ModelForm):
    """What is delivered, and how the list follows it."""

    class Meta:
        model = Delivery
        fields = ["name", "dataset", "mode", "scope"]
        widgets = {"mode": forms.RadioSelect, "scope": forms.RadioSelect}
        help_texts = {
            "name": "For your team; Pinterest never sees it.",
            "dataset": "Only datasets with at least one ready snapshot can be delivered.",
            "mode": "Mirror keeps the list on Pinterest equal to the dataset. It is what most teams want.",
        }

    def __init__(self, *args: Any, datasets: models.QuerySet[Dataset], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["dataset"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 -- a model form makes it one
        field.queryset = datasets
        field.empty_label = "Choose a dataset"
        for name, choices in (("mode", Mode.choices), ("scope", Scope.choices)):
            choice = self.fields[name]
            assert isinstance(choice, forms.ChoiceField)  # noqa: S101 -- as above
            choice.choices = choices

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        others = Delivery.objects.for_workspace(self.instance.workspace).not_archived().exclude(pk=self.instance.pk)
        if others.filter(name=name).exists():
            raise forms.ValidationError("Another delivery already has this name. Choose one that tells them apart.")
        return name


class ProfileForm(forms.Form):
    profile = forms.ModelChoiceField(
        queryset=Profile.objects.none(), widget=forms.RadioSelect, empty_label=None, label="Pinterest profile"
    )

    def __init__(self, *args: Any, profiles: models.QuerySet[Profile], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["profile"].queryset = profiles  # type: ignore[attr-defined]


class AdAccountForm(forms.Form):
    ad_account = forms.ModelChoiceField(
        queryset=AdAccount.objects.none(), widget=forms.RadioSelect, empty_label=None, label="Ad account"
    )

    def __init__(self, *args: Any, ad_accounts: models.QuerySet[AdAccount], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ad_account"].queryset = ad_accounts  # type: ignore[attr-defined]


class AudienceForm(forms.Form):
    name = forms.CharField(
        max_length=200,
        label="Audience name",
        help_text="On Pinterest the list is called “Customer List-” and the audience “Audience-”, then this name.",
    )
    description = forms.CharField(
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Shown in Pinterest Ads Manager.",
    )

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())


class ColumnForm(forms.Form):
    """One column of the dataset; an empty kind means that it is not sent."""

    kind = forms.ChoiceField(required=False, label="Holds")
    treatment = forms.ChoiceField(choices=TREATMENTS, required=False, label="Values are")
    default_country = forms.ChoiceField(required=False, label="Country of numbers without a code")

    def __init__(self, *args: Any, column: Column, **kwargs: Any) -> None:
        super().__init__(*args, prefix=f"column-{column.position}", **kwargs)
        self.column = column
        for name, choices in (
            ("kind", [("", NOT_SENT), *kinds.choices()]),
            ("default_country", [NO_COUNTRY, *countries.choices()]),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 -- declared above
            field.choices = choices
