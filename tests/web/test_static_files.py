"""Static files as a production start collects them."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client


@pytest.mark.slow
@pytest.mark.django_db
def test_collected_files_hold_all_that_pages_refer_to(settings: Any, tmp_path: Path, client: Client) -> None:
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }

    call_command("collectstatic", interactive=False, verbosity=0)

    css = list((tmp_path / "static" / "pinconnect" / "css").glob("components.*.css"))
    assert len(css) == 1
    assert css[0].with_name(css[0].name + ".gz").exists()
    for path in ("/styleguide/", "/accounts/login/", "/nowhere/"):
        assert f"pinconnect/css/{css[0].name}" in client.get(path).content.decode()


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
