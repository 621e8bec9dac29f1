"""What people type about one person; none of it is stored as typed."""

from typing import Any, Self

from django import forms

from audiences.forms import NO_COUNTRY, NOTHING
from audiences.people.lab import identities
from audiences.people.lookup import Wanted
from pinconnect.identifiers import countries, kinds, reasons, rules
from pinconnect.identifiers.masking import mask


class IdentifierForm(forms.Form):
    """One value and what it is."""

    kind = forms.ChoiceField(label="Kind", choices=kinds.choices)
    # Spaces at the ends are kept: taking them off is one of the steps to see.
    value = forms.CharField(
        label="Value",
        max_length=1_000,
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}),
    )
    default_country = forms.ChoiceField(
        label="Country of the number",
        required=False,
    )

    def __init__(self, *args: Any, usual_country: str = "", **kwargs: Any) -> None:
        """usual_country: is chosen until another one is."""
        super().__init__(*args, **kwargs)
        country = self.fields["default_country"]
        assert isinstance(country, forms.ChoiceField)  # noqa: S101 -- declared above
        country.choices = [NO_COUNTRY, *countries.choices()]
        country.initial = usual_country or NOTHING

    @property
    def country(self) -> str | None:
        """What was chosen, as the rules take it."""
        chosen = self.cleaned_data.get("default_country") or NOTHING
        return None if chosen == NOTHING else chosen


MOST_LINES = 1_000
_SHOWN_PROBLEMS = 3
# The field of each kind that a person may be known by.
_FIELDS = {
    "emails": "email",
    "phones": "phone",
    "devices": "maid",
    "lr_ids": "lr_id",
    "dlx_ids": "dlx_id",
    "pinner_ids": "pinner_id",
}


def _lines(label: str, help_text: str = "") -> forms.CharField:
    area = forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"})
    return forms.CharField(label=label, required=False, help_text=help_text, widget=area, max_length=200_000)


class ErasureForm(forms.Form):
    """Everything by which one or several people are known; one identifier a line, plain or as SHA-256 hash."""

    emails = _lines("E-mail addresses")
    phones = _lines("Phone numbers")
    default_country = forms.ChoiceField(label="Country of numbers without a code", required=False)
    devices = _lines("Mobile ad IDs", "Google’s and Apple’s. Both spellings are erased.")
    lr_ids = _lines("LiveRamp IDs")
    dlx_ids = _lines("Datalogix IDs")
    pinner_ids = _lines("Pinner IDs")
    reference = forms.CharField(
        label="Your reference",
        max_length=80,
        required=False,
        help_text="Such as a ticket number. It is shown on the receipt, so do not put a name or an address here.",
    )
    is_sure = forms.BooleanField(label="I know that this cannot be undone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        country = self.fields["default_country"]
        assert isinstance(country, forms.ChoiceField)  # noqa: S101 -- declared above
        country.choices = [NO_COUNTRY, *countries.choices()]

    @classmethod
    def filled_in(cls, looked_up: IdentifierForm) -> Self:
        """Not sent yet, with what somebody has looked up before."""
        kind, country = looked_up.cleaned_data["kind"], looked_up.cleaned_data["default_country"]
        by_wire = {kinds.get(code).wire: field for field, code in _FIELDS.items()}
        return cls(initial={by_wire[kinds.get(kind).wire]: looked_up.cleaned_data["value"], "default_country": country})

    def clean_reference(self) -> str:
        reference: str = self.cleaned_data["reference"]
        if "@" in reference:
            raise forms.ValidationError("This looks like an address. The receipt is kept, so use a ticket number.")
        return reference

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        chosen = data.get("default_country") or NOTHING
        country = None if chosen == NOTHING else chosen
        found = [one for field, kind in _FIELDS.items() for one in self._read(field, kind, country)]
        if not found and not self.errors:
            raise forms.ValidationError("Enter at least one identifier.")
        data["wanted"] = list(dict.fromkeys(found))
        return data

    def _read(self, field: str, kind: str, country: str | None) -> list[Wanted]:
        """The identifiers of one field; what cannot be one is said at the field, masked."""
        lines = [line for line in self.cleaned_data.get(field, "").splitlines() if line.strip()]
        if len(lines) > MOST_LINES:
            self.add_error(field, f"Enter at most {MOST_LINES:,} at a time; these are {len(lines):,}.")
            return []
        found: list[Wanted] = []
        problems: list[str] = []
        for number, line in enumerate(lines, start=1):
            wanted: tuple[Wanted, ...] = identities(kind, line, country)
            found += wanted
            if not wanted:
                reason = reasons.get(rules.judge(kind, line, "auto", country).reason or "")
                problems.append(f"Line {number} ({mask(line)}): {reason.title}.")
        if problems:
            self.add_error(field, " ".join(problems[:_SHOWN_PROBLEMS]))
        return found
