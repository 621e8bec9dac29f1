"""Static files as a production start collects them."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command


@pytest.mark.slow
def test_collecting_finds_every_file_that_is_referred_to(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }

    call_command("collectstatic", interactive=False, verbosity=0)

    css = list((tmp_path / "static" / "pinconnect" / "css").glob("components.*.css"))
    assert len(css) == 1
    assert css[0].with_name(css[0].name + ".gz").exists()


@pytest.mark.parametrize("name", ["tokens", "base", "layout", "components"])
def test_style_sheets_take_nothing_from_elsewhere(name: str) -> None:
    found = finders.find(f"pinconnect/css/{name}.css")
    assert found
    text = Path(found).read_text()

    assert "url(" not in text
    assert "@import" not in text
    assert text.count("{") == text.count("}") > 0


def test_colours_are_named_in_one_place_only() -> None:
    for name in ("base", "layout"):
        assert "#" not in Path(str(finders.find(f"pinconnect/css/{name}.css"))).read_text()
