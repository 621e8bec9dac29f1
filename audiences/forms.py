"""Shape and wording of what people enter when they set up a delivery."""

from typing import Any

from django import forms
from django.db import models

from audiences.models import Delivery, Mode, Scope
from audiences.services.drafts import ColumnChoice
from pinconnect.datasets.models import Column, Dataset
from pinconnect.identifiers import countries, kinds
from pinconnect.profiles.models import AdAccount, Profile

NOTHING = "none"
NOT_SENT = (NOTHING, "This column is not sent")
# Short enough for a phone; the page says below what each does.
TREATMENTS = (
    ("auto", "Find out per value"),
    ("plain", "Plain: clean and hash"),
    ("e164", "Digits with country code"),
    ("hashed", "Hashed with SHA-256"),
    ("any_hash", "Hashed, MD5/SHA-1 too"),
)
NO_COUNTRY = (NOTHING, "None: refuse such numbers")


class BasicsForm(forms.ModelForm):
    """What is delivered, and how the list follows it."""

    class Meta:
        model = Delivery
        fields = ["name", "dataset", "mode", "scope"]
        widgets = {"mode": forms.RadioSelect, "scope": forms.RadioSelect}
        help_texts = {
            "name": "For your team; Pinterest never sees it.",
            "dataset": "Only datasets with at least one ready snapshot can be delivered.",
            "mode": "Mirror keeps the list on Pinterest equal to the dataset. It is what most teams want. Remove only "
            "is for a list that is on Pinterest already.",
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


class StandbyForm(forms.Form):
    standby = forms.ModelChoiceField(queryset=Profile.objects.none(), required=False, label="Standby profile")

    def __init__(self, *args: Any, profiles: models.QuerySet[Profile], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["standby"].queryset = profiles  # type: ignore[attr-defined]


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


class ListForm(forms.Form):
    """A customer list that Pinterest has listed; whether it may be chosen is for the service to say."""

    list_id = forms.CharField(
        max_length=30, label="Customer list", error_messages={"required": "Choose one of the lists."}
    )


class ColumnForm(forms.Form):
    """What one column of the dataset holds, if it is sent at all."""

    kind = forms.ChoiceField(label="Holds")
    treatment = forms.ChoiceField(choices=TREATMENTS, label="Values are")
    default_country = forms.ChoiceField(label="Country of numbers without a code")

    def __init__(self, data: Any = None, *, column: Column, choice: Any = None) -> None:
        """choice: something with kind, treatment and default_country, or None for a column that is not sent."""
        initial = {
            "kind": choice.kind if choice else NOTHING,
            "treatment": choice.treatment if choice else "auto",
            "default_country": (choice.default_country if choice else "") or NOTHING,
        }
        super().__init__(data, prefix=f"column-{column.position}", initial=initial)
        self.column = column
        offered = {"kind": [NOT_SENT, *kinds.choices()], "default_country": [NO_COUNTRY, *countries.choices()]}
        for name, choices in offered.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 -- declared above
            field.choices = choices

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        kind, treatment = kinds.KINDS.get(data.get("kind", "")), data.get("treatment")
        if kind is not None and treatment and treatment not in kind.treatments:
            only = "phone numbers" if treatment == "e164" else "e-mail addresses, phone numbers and mobile IDs"
            self.add_error("treatment", f"This is only for {only}. Choose another way for this column.")
        return data

    @property
    def passes_other_hashes(self) -> bool:
        """Whether the warning about MD5 and SHA-1 is due, also where CSS cannot tell."""
        return bool(self["treatment"].value() == "any_hash")

    def choice(self) -> ColumnChoice | None:
        """What was chosen; None for a column that is not sent."""
        data = self.cleaned_data
        if data["kind"] == NOTHING:
            return None
        country = "" if data["default_country"] == NOTHING else data["default_country"]
        return ColumnChoice(self.column.name, data["kind"], data["treatment"], country)
