"""Arguments of the addresses of datasets, for guards that walk all addresses."""

from typing import Any

from pinconnect.datasets.models import Snapshot
from tests.factories_datasets import make_dataset, make_snapshot
from tests.guards.samples import Sample, World

BROKEN = "email,city\nann@example.com,Rome\nbob@example.com\ncid@example.com,Oslo\n"


def _snapshot(world: World) -> Snapshot:
    if "datasets:snapshot" not in world.kept:
        dataset = make_dataset(world.workspace, f"Sample of {world.workspace}")
        world.kept["datasets:snapshot"] = make_snapshot(dataset, BROKEN)
    return world.kept["datasets:snapshot"]


def _dataset_arguments(world: World) -> dict[str, Any]:
    return {"dataset_id": _snapshot(world).dataset_id}


def _snapshot_arguments(world: World) -> dict[str, Any]:
    return {**_dataset_arguments(world), "number": _snapshot(world).number}


SAMPLES: dict[str, Sample] = {
    **{f"datasets:{name}": _dataset_arguments for name in ("detail", "edit", "archive", "restore", "upload")},
    **{f"datasets:snapshot-{name}": _snapshot_arguments for name in ("detail", "format", "broken-rows", "delete")},
}
