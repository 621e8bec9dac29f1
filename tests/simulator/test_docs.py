"""A guard: docs/simulator.md names every switch, fault, control and operation."""

from dataclasses import fields
from pathlib import Path

from pinconnect.simulator.app import API_ROUTES
from pinconnect.simulator.control import ROUTES
from pinconnect.simulator.faults import KINDS, Fault
from pinconnect.simulator.options import Options

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "simulator.md").read_text()


def test_every_setting_and_fault_is_documented() -> None:
    names = [field.name for field in (*fields(Options), *fields(Fault))] + list(KINDS)

    assert [name for name in names if f"`{name}`" not in TEXT] == []
    assert len(names) >= 40


def test_every_control_is_documented() -> None:
    paths = [route.path.split("/{")[0].rstrip("/") for route in ROUTES]

    assert [path for path in paths if path not in TEXT] == []
    assert len(paths) >= 16


def test_every_operation_is_documented() -> None:
    lists = ("customer_lists", "audiences")
    areas = {route.operation.split("/")[0] for route in API_ROUTES}
    short = [route.operation for route in API_ROUTES if route.operation.split("/")[0] in lists]

    assert all(f"`{area}/" in TEXT for area in areas)
    assert [name for name in short if f"`{name}`" not in TEXT and f"`…/{name.split('/')[1]}`" not in TEXT] == []
