"""Forms printed by Django: labels, help and errors tied to their inputs, and a summary first."""

import re

from django import forms


class Example(forms.Form):
    name = forms.CharField(help_text="How you will find it again.")
    note = forms.CharField(required=False)
    agreed = forms.BooleanField(label="I agree")
    mode = forms.ChoiceField(choices=[("a", "All"), ("n", "New")], widget=forms.RadioSelect(attrs={"class": "cards"}))
    token = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean(self) -> None:
        self.add_error(None, "These two do not go together.")


def test_help_and_error_describe_the_input() -> None:
    html = str(Example({}))

    described = re.search(r'<input[^>]*name="name"[^>]*aria-describedby="([^"]+)"', html)
    assert described is not None
    for part in described.group(1).split():
        assert f'id="{part}"' in html


def test_every_visible_input_has_a_label() -> None:
    html = str(Example())

    ids = re.findall(r'<input(?![^>]*type="hidden")[^>]*id="([^"]+)"', html)
    assert len(ids) == 5
    for one in ids:
        assert f'for="{one}"' in html


def test_optional_fields_say_so_and_required_ones_do_not() -> None:
    html = str(Example())

    assert html.count("(optional)") == 1
    assert "Note <span" in html


def test_radio_buttons_are_a_named_group() -> None:
    html = str(Example())

    assert "<legend>Mode" in html
    assert 'class="choices cards"' in html


def test_summary_counts_and_links_what_is_wrong() -> None:
    html = str(Example({"name": "x", "mode": "a"}))

    assert "2 things have to be put right" in html
    assert "These two do not go together." in html
    assert '<a href="#id_agreed">I agree</a>' in html


def test_unbound_form_has_no_summary() -> None:
    assert "put right" not in str(Example())


def test_field_printed_alone_is_the_same_group() -> None:
    form = Example()

    assert form["name"].as_field_group() in str(form)
