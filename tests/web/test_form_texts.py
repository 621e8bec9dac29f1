"""Texts that people send with a form cannot turn the sentences around them about."""

import pytest
from django import forms
from django.http import QueryDict
from django.test import Client

from pinconnect.workspaces.models import Workspace
from tests.factories import make_user, make_workspace

CONTROLS = "".join(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]))
HEBREW = "\u05e9\u05dc\u05d5\u05dd \u200f!"


class Example(forms.Form):
    name = forms.CharField(max_length=10)
    note = forms.CharField(required=False, widget=forms.Textarea)
    exact = forms.CharField(required=False, strip=False)
    choice = forms.ChoiceField(required=False, choices=[(f"a{CONTROLS}", "A")])


def test_controls_of_direction_are_taken_out_of_texts() -> None:
    form = Example({"name": f"{CONTROLS}Spring{CONTROLS}", "note": f"a{CONTROLS}b"})

    assert form.is_valid(), form.errors
    assert (form.cleaned_data["name"], form.cleaned_data["note"]) == ("Spring", "ab")
    assert CONTROLS[0] not in str(form["name"]) + str(form["note"]), "they are shown again as they are kept"


def test_a_name_of_nothing_else_is_no_name() -> None:
    assert "This field is required." in Example({"name": CONTROLS}).errors["name"]


def test_letters_from_right_to_left_stay() -> None:
    form = Example({"name": HEBREW})

    assert form.is_valid()
    assert form.cleaned_data["name"] == HEBREW


def test_texts_that_are_taken_exactly_and_choices_stay() -> None:
    form = Example({"name": "x", "exact": f" a{CONTROLS}", "choice": f"a{CONTROLS}"})

    assert form.is_valid(), form.errors
    assert (form.cleaned_data["exact"], form.cleaned_data["choice"]) == (f" a{CONTROLS}", f"a{CONTROLS}")


def test_what_was_sent_is_left_as_it_is() -> None:
    sent = QueryDict(mutable=True)
    sent.setlist("name", ["one", f"two{CONTROLS}"])

    form = Example(sent)

    assert form.is_valid()
    assert form.cleaned_data["name"] == "two"
    assert sent.getlist("name") == ["one", f"two{CONTROLS}"]


@pytest.mark.django_db
def test_the_name_of_a_workspace_is_cleaned(client: Client) -> None:
    alice = make_user("Alice")
    workspace = make_workspace("Acme", owner=alice)
    client.force_login(alice)

    client.post(f"/w/{workspace.slug}/settings/change/", {"name": "Sh\u202eop\u2069", "time_zone": "UTC"})

    assert Workspace.objects.get(pk=workspace.pk).name == "Shop"
