"""What people type about one person; none of it is stored as typed."""

from typing import Any

from django import forms

from audiences.forms import NO_COUNTRY, NOTHING
from pinconnect.identifiers import countries, kinds


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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        country = self.fields["default_country"]
        assert isinstance(country, forms.ChoiceField)  # noqa: S101 -- declared above
        country.choices = [NO_COUNTRY, *countries.choices()]

    @property
    def country(self) -> str | None:
        """What was chosen, as the rules take it."""
        chosen = self.cleaned_data.get("default_country") or NOTHING
        return None if chosen == NOTHING else chosen
