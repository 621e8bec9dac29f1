"""What holds for every template in the project."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template

from pinconnect.web import icons

FOLDER = Path(settings.BASE_DIR) / "templates"
PAGES = sorted(path for path in FOLDER.rglob("*.html") if "emails" not in path.parts)
LITERAL_ICON = re.compile(r"""(?:\{%\s*icon\s+|icon_name=)["']([a-z0-9-]+)["']""")


def test_templates_are_found() -> None:
    assert len(PAGES) > 80


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_template_compiles_and_has_nothing_inline(path: Path) -> None:
    # What stands between the tags: an include may well have an input called style.
    source = re.sub(r"\{%.*?%\}", "", path.read_text(), flags=re.DOTALL)

    get_template(str(path.relative_to(FOLDER)))
    assert not re.search(r"\sstyle\s*=", source)
    assert not re.search(r"\son[a-z]+\s*=", source)
    assert "hx-on" not in source
    assert "<style" not in source
    for script in re.findall(r"<script\b[^>]*>", source):
        assert "src=" in script or 'type="application/json"' in script


def test_every_icon_exists() -> None:
    names = {name for path in PAGES for name in LITERAL_ICON.findall(path.read_text())}

    assert len(names) > 15
    for name in names:
        icons.render(name)


@pytest.mark.parametrize("path", sorted((FOLDER / "components").glob("*.html")), ids=lambda path: path.name)
def test_component_says_what_it_needs(path: Path) -> None:
    first = path.read_text().lstrip()

    assert first.startswith(("{#", "{% comment %}", '{% extends "base.html" %}'))
