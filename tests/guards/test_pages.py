"""Every page: one h1, a language, a label for each field, and no script or style inside it."""

from html.parser import HTMLParser

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests.guards.routes import Route, all_routes
from tests.guards.samples import all_samples, make_world

AT_LEAST_PAGES = 45
UNLABELLED = {"hidden", "submit", "button", "reset", "image"}


class Page(HTMLParser):
    """What a page is made of, as far as the rules below ask."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.language, self.headings, self.problems = "", 0, []
        self.labels: set[str] = set()
        self.fields: list[dict[str, str | None]] = []
        self._labels_open = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.problems += [f"<{tag} {name}>" for name in found if name.startswith("on") or name == "style"]
        if tag == "html":
            self.language = found.get("lang") or ""
        elif tag == "h1":
            self.headings += 1
        elif tag == "style" or (tag == "script" and not found.get("src") and found.get("type") != "application/json"):
            self.problems.append(f"<{tag}> inside the page")
        elif tag == "label":
            self._labels_open += 1
            self.labels.add(found.get("for") or "")
        elif tag in {"input", "select", "textarea"} and found.get("type") not in UNLABELLED:
            is_named = "aria-label" in found or "aria-labelledby" in found or self._labels_open
            self.fields += [] if is_named else [found]

    def handle_endtag(self, tag: str) -> None:
        self._labels_open -= tag == "label"

    @property
    def faults(self) -> list[str]:
        bare = [str(field.get("name")) for field in self.fields if field.get("id") not in self.labels]
        return [
            *self.problems,
            *([f"{self.headings} headings of the first level"] if self.headings != 1 else []),
            *([] if self.language else ["no language"]),
            *[f"no label for {name}" for name in bare],
        ]


def is_page(answer: HttpResponse) -> bool:
    return answer.status_code == 200 and answer.get("Content-Type", "").startswith("text/html") and not answer.streaming


def pages() -> list[tuple[Route, HttpResponse]]:
    """Every page of ours that an admin of a workspace can look at."""
    world, samples = make_world("Here"), all_samples()
    web = Client()
    web.force_login(world.admin)
    found = []
    for route in all_routes():
        if not route.is_ours:
            continue
        arguments = samples[route.name](world) if route.arguments - {"workspace"} else {}
        if "workspace" in route.arguments:
            arguments["workspace"] = world.workspace.slug
        answer = web.get(reverse(route.name, kwargs=arguments))
        if is_page(answer):
            found.append((route, answer))
    return found


@pytest.mark.django_db
def test_every_page_has_one_heading_a_language_labels_and_no_script_inside() -> None:
    looked_at = pages()

    faults = {route.name: found for route, answer in looked_at if (found := Page(answer.content.decode()).faults)}

    assert len(looked_at) >= AT_LEAST_PAGES, f"only {len(looked_at)} pages were looked at"
    assert not faults


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ("<html><h1>A</h1></html>", "no language"),
        ("<html lang=en><p>A</p></html>", "0 headings"),
        ("<html lang=en><h1>A</h1><h1>B</h1></html>", "2 headings"),
        ("<html lang=en><h1>A</h1><input name=q></html>", "no label for q"),
        ("<html lang=en><h1>A</h1><script>x()</script></html>", "<script> inside"),
        ("<html lang=en><h1>A</h1><p style='a'></p></html>", "<p style>"),
        ("<html lang=en><h1>A</h1><p onclick='a'></p></html>", "<p onclick>"),
    ],
)
def test_each_kind_of_fault_is_found(html: str, fault: str) -> None:
    assert any(fault in found for found in Page(html).faults)
