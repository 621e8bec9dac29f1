"""Many small deliveries due at once, in four workspaces, beside a large one: bench/many.py in a short form."""

from pathlib import Path

import pytest

from bench.many import measure
from tests.support.stack import running_stack

pytestmark = pytest.mark.slow


def test_all_are_done_right_and_nobody_waits_for_the_many_of_another(tmp_path: Path) -> None:
    settings = {"DJANGO_SETTINGS_MODULE": "tests.chaos.settings"}
    with running_stack(tmp_path / "data", settings) as stack:
        found = measure(stack, tmp_path, 40, 100_000, longest_s=300)

    assert (found["small deliveries"], found["not done"]) == (40, 0)
    assert found["lists compared, and wrong"] == [4, 0]
    workspaces = found["workspaces: deliveries, median and last second"]
    many, few = workspaces["Workspace 1"], workspaces["Workspace 4"]
    assert (many[0], few[0]) == (16, 4)
    assert few[2] < many[2], "the few were done before the many"
    assert found["small ones done before the large one"] > 0
