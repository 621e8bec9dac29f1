"""The page that shows every component, with made-up data. Only in development and demos."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from pinconnect.web import errors

TONES = ("neutral", "info", "good", "warn", "bad")
_RUNS = (
    ("12 Nov, 06:00", "Done", "good", 48_210, 1_204, 310),
    ("11 Nov, 06:00", "Held for approval", "warn", 47_316, 12, 9_820),
    ("10 Nov, 06:00", "Failed", "bad", 47_304, 0, 0),
)


_TABS = (
    ("Dashboard", "layout-dashboard"),
    ("Deliveries", "send"),
    ("Datasets", "database"),
    ("Profiles", "circle-user-round"),
    ("Ad Accounts", "megaphone"),
    ("App Invites", "mail-plus"),
    ("Settings", "settings"),
)


class ExampleForm(forms.Form):
    """One field of every kind that the pages use."""

    name = forms.CharField(help_text="How you will find it again.", max_length=80)
    email = forms.EmailField(label="E-mail")
    country = forms.ChoiceField(choices=[("", "Choose a country"), ("DE", "Germany"), ("FR", "France")], required=False)
    mode = forms.ChoiceField(
        label="What the list should hold",
        choices=[("mirror", "Exactly the customers of the dataset"), ("add", "Everyone it ever held")],
        widget=forms.RadioSelect(attrs={"class": "choices--cards"}),
    )
    kinds = forms.MultipleChoiceField(
        label="Identifiers",
        choices=[("email", "E-mail"), ("phone", "Phone"), ("maid", "Mobile ad id")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    file = forms.FileField(help_text="A CSV, or a CSV compressed with gzip.", required=False)
    note = forms.CharField(widget=forms.Textarea, required=False)
    agreed = forms.BooleanField(label="These customers agreed to be matched", help_text="You answer for that.")


def index(request: HttpRequest) -> HttpResponse:
    return render(request, "styleguide/index.html", _examples())


def confirm(request: HttpRequest) -> HttpResponse:
    context = {
        "title": "Archive the delivery “Loyal customers”?",
        "body": "It stops running. The customer list on Pinterest stays as it is.",
        "consequences": ["Its runs stay here and can be read.", "It cannot be started again."],
        "confirm_label": "Archive the delivery",
        "cancel_url": "/styleguide/",
    }
    return render(request, "components/confirm.html", context)


def bare(request: HttpRequest) -> HttpResponse:
    return render(request, "styleguide/bare.html", {"form": ExampleForm(auto_id="bare_%s")})


def error(request: HttpRequest, code: str) -> HttpResponse:
    """Every error page, to be looked at without an error."""
    if code not in errors.PAGES:
        raise Http404("No such error page.")
    return errors.page(code)


# Open to anybody, as health pages are; these addresses exist in development and demos only.
index.verb = confirm.verb = bare.verb = error.verb = "public"  # type: ignore[attr-defined]


def _examples() -> dict[str, Any]:
    now = timezone.now()
    invalid = ExampleForm({"name": "", "email": "not an address", "mode": "mirror"}, auto_id="invalid_%s")
    return {
        "workspace": SimpleNamespace(name="Marsh & Daughters", slug="marsh", time_zone="Europe/Berlin"),
        "nav": [
            SimpleNamespace(label=label, icon=name, url="#", is_current=label == "Deliveries") for label, name in _TABS
        ],
        "open_alert_count": 2,
        "tones": TONES,
        "error_pages": list(errors.PAGES),
        "form": ExampleForm(auto_id="empty_%s"),
        "invalid_form": invalid,
        "runs": [
            dict(zip(("started", "state", "tone", "members", "added", "removed"), run, strict=True)) for run in _RUNS
        ],
        "page_obj": Paginator(range(240), 25).get_page(3),
        "steps": [
            {"label": "Dataset", "state": "done", "url": "#steps"},
            {"label": "Columns", "state": "done", "url": "#steps"},
            {"label": "Audience", "state": "current"},
            {"label": "Review", "state": "todo"},
            {"label": "Publish", "state": "todo"},
        ],
        "tabs": [
            {"label": "Overview", "url": "#tabs", "is_current": True},
            {"label": "Runs", "url": "#tabs", "count": 1_240},
            {"label": "Settings", "url": "#tabs"},
        ],
        "events": [
            {"title": "Run finished", "body": "1,204 added, 310 removed", "when": now, "tone": "good"},
            {"title": "Held for approval", "when": now - timedelta(hours=3), "tone": "warn"},
            {"title": "Delivery published", "when": now - timedelta(days=9), "actor": "Alice Marsh"},
        ],
        "points": [(f"{day} Nov", (day * 7_919) % 13_000) for day in range(1, 15)],
        "series": [
            ("People at Pinterest", [(now - timedelta(days=day), float(400 - day * 3)) for day in range(30, -1, -1)]),
            (
                "Identifiers on the list",
                [(now - timedelta(days=day), None if 9 < day < 14 else 900.0 + day) for day in range(30, -1, -1)],
            ),
        ],
        "moment": now - timedelta(minutes=12),
        "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    }
