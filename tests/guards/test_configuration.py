"""Every setting that is read is in .env.example and in docs/configuration.md, and nothing else is."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FEWEST = 40


def read_settings() -> set[str]:
    """The names in env.text("NAME"), env.flag("NAME") and so on."""
    tree = ast.parse((ROOT / "pinconnect" / "settings.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    ours = [call for call in calls if isinstance(call.func.value, ast.Name) and call.func.value.id == "env"]
    names = [call.args[0].value for call in ours if call.args and isinstance(call.args[0], ast.Constant)]
    return {str(name) for name in names}


def secrets() -> set[str]:
    source = (ROOT / "pinconnect" / "settings.py").read_text()
    return set(re.findall(r'env\.secret\("(\w+)"', source))


def example() -> list[str]:
    return re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)


def documented() -> list[str]:
    return re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \|", (ROOT / "docs" / "configuration.md").read_text(), re.MULTILINE)


def test_settings_are_found_at_all() -> None:
    assert len(read_settings()) >= FEWEST


def test_the_example_has_every_setting_once_and_no_other() -> None:
    assert sorted(example()) == sorted(read_settings())


def test_the_documentation_has_every_setting_once_and_no_other() -> None:
    assert sorted(documented()) == sorted(read_settings())


def test_what_may_come_from_a_file_is_marked_as_a_secret() -> None:
    rows = (ROOT / "docs" / "configuration.md").read_text().splitlines()
    marked = {found.group(1) for row in rows if "*secret*" in row and (found := re.match(r"\| `(\w+)` \|", row))}

    assert marked == secrets()


def test_the_environment_is_read_in_one_place_only() -> None:
    """Child programs get ours with additions, and entry points name the settings module; nobody else looks."""
    allowed = {"pinconnect/settings.py", "pinconnect/lib/env.py", "pinconnect/wsgi.py", "manage.py"}
    allowed |= {"pinconnect/queue/processes.py"}
    files = [path for folder in ("pinconnect", "audiences", "invites") for path in (ROOT / folder).rglob("*.py")]
    readers = {str(path.relative_to(ROOT)) for path in files if re.search(r"os\.(environ|getenv)", path.read_text())}

    assert len(files) > 100
    assert readers <= allowed
