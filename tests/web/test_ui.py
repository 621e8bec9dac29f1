"""Template tags of the pages."""

from datetime import UTC, datetime
from types import SimpleNamespace

import lucide
import pytest
from django import forms
from django.template import Context, Template

from pinconnect.web import icons
from pinconnect.web.templatetags import ui

NOON = datetime(2026, 11, 5, 12, 0, tzinfo=UTC)


def render(source: str, **context: object) -> str:
    return Template(source).render(Context(context))


def test_icon_is_for_the_eye_only() -> None:
    svg = render('{% icon "send" 24 %}')

    assert svg.startswith("<svg")
    assert 'aria-hidden="true"' in svg
    assert 'width="24"' in svg


def test_unknown_icon_is_an_error() -> None:
    with pytest.raises(lucide.IconDoesNotExist):
        icons.render("no-such-icon")


def test_time_is_in_the_zone_of_the_workspace() -> None:
    text = render('{% when moment "full" %}', moment=NOON, workspace=SimpleNamespace(time_zone="Asia/Tokyo"))

    assert 'datetime="2026-11-05T12:00:00+00:00"' in text
    assert ">5 Nov 2026, 21:00 JST</time>" in text


def test_time_that_never_was_is_a_dash() -> None:
    assert render("{% when moment %}", moment=None) == "–"


def test_breadcrumbs_need_pairs() -> None:
    with pytest.raises(ValueError, match="zip"):
        render('{% breadcrumbs "/a/" %}')


def test_breadcrumbs_escape_names() -> None:
    text = render('{% breadcrumbs "/a/" name %}', name="<b>Lists</b>")

    assert '<a href="/a/">&lt;b&gt;Lists&lt;/b&gt;</a>' in text


def test_short_hash_keeps_what_the_eye_compares() -> None:
    assert ui.short_hash("9f86d081884c7d659a2feaa0c55ad015") == "9f86d081…d015"
    assert ui.short_hash("short") == "short"


def test_progress_without_a_value_is_indeterminate() -> None:
    unknown = render('{% include "components/progress.html" with label="Preparing" %}')
    known = render('{% include "components/progress.html" with label="Uploading" value=0 max=1200 %}')

    assert "value=" not in unknown
    assert 'value="0" max="1200"' in known


def test_plainly_drops_placeholders_and_title_case() -> None:
    class Form(forms.Form):
        remember = forms.CharField(label="Remember Me", widget=forms.TextInput(attrs={"placeholder": "Remember Me"}))

    text = str(ui.plainly(Form()))

    assert "Remember me" in text
    assert "placeholder" not in text


def test_chart_has_its_numbers_as_a_table() -> None:
    text = render('{% column_chart points "Records sent" "records" %}', points=[("4 Nov", 1_200), ("5 Nov", 0)])

    assert text.count("<rect") == 2
    assert '<td class="number">1,200</td>' in text
