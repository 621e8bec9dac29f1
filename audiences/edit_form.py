"""What the page for changing a published delivery shows and saves."""

from typing import Any

from django import forms

from audiences.forms import ColumnForm
from audiences.models import Delivery, Mode
from audiences.services import editing
from audiences.services.holding import FEWEST_ADDED, MOST_REMOVED_UNMEASURED
from audiences.services.refusals import ServiceRefusal
from pinconnect.workspaces.models import User


class EditForm(forms.Form):
    name = forms.CharField(max_length=120, label="Name", help_text="For your team; Pinterest never sees it.")
    mode = forms.ChoiceField(choices=Mode.choices, widget=forms.RadioSelect, label="Mode")
    audience_name = forms.CharField(
        max_length=250, label="Audience at Pinterest", help_text="Pinterest can rename an audience, but not its list."
    )
    description = forms.CharField(
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Shown in Pinterest Ads Manager.",
    )
    hold_share = forms.IntegerField(
        min_value=1,
        max_value=100,
        label="Removes more than (% of the list)",
        help_text="1 to 100. A run that would empty the list, or leave it too small for ads, waits in any case. "
        "“Remove only” on a list that others have filled: % of the people whom Pinterest counts in the audience, and "
        f"{MOST_REMOVED_UNMEASURED:,} identifiers while it has not counted them.",
    )
    hold_add_share = forms.IntegerField(
        min_value=1,
        max_value=100_000,
        label="Adds more than (% of the list)",
        help_text=f"200 lets a list grow to three times its size. Fewer than {FEWEST_ADDED:,} new identifiers never "
        "wait, nor does the filling of a list that is empty so far.",
    )


class EditPage:
    """One form for the delivery and one for each column of its dataset."""

    def __init__(self, data: Any, delivery: Delivery) -> None:
        self.delivery, audience = delivery, delivery.audience
        initial = {
            "name": delivery.name,
            "mode": delivery.mode,
            "audience_name": audience.audience_name if audience else "",
            "description": audience.description if audience else "",
            "hold_share": delivery.hold_share,
            "hold_add_share": delivery.hold_add_share,
        }
        self.form = EditForm(data, initial=initial)
        stored = {choice.column: choice for choice in delivery.columns.all()}
        columns = delivery.dataset.columns.all()
        self.forms = [ColumnForm(data, column=column, choice=stored.get(column.name)) for column in columns]

    def is_valid(self) -> bool:
        # Every form is looked at, so that all problems are shown at once.
        valid = [form.is_valid() for form in (self.form, *self.forms)]
        return all(valid)

    def save(self, *, by: User) -> str:
        """What was changed, as a sentence. Raises ServiceRefusal."""
        data = self.form.cleaned_data
        columns = tuple(choice for choice in (form.choice() for form in self.forms) if choice is not None)
        hold = editing.Hold(data["hold_share"], data["hold_add_share"])
        wish = editing.Wish(data["name"], data["mode"], columns, hold)
        changed = editing.change(self.delivery, wish, by=by)
        try:
            renamed = editing.rename_audience(
                self.delivery, by=by, name=data["audience_name"], description=data["description"].strip()
            )
        except ServiceRefusal as refusal:
            if not changed:
                raise
            raise ServiceRefusal("rest_is_saved", sentence=refusal.sentence) from refusal
        return _said(changed, is_renamed=renamed)

    def refuse(self, sentence: str) -> None:
        self.form.add_error(None, sentence)

    def context(self) -> dict[str, Any]:
        return {"form": self.form, "forms": self.forms}


def _said(changed: list[str], *, is_renamed: bool) -> str:
    """What the change means from when on."""
    if "columns" in changed or "mode" in changed:
        return "The change is saved. It counts from the next run on, which compares the whole list anew."
    if changed or is_renamed:
        return "The change is saved."
    return "Nothing was different, so nothing was changed."
