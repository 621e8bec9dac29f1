"""Made-up datasets and snapshots for tests."""

import io
from itertools import count
from typing import Any

from django.urls import reverse

from pinconnect.datasets import services
from pinconnect.datasets.models import Dataset, Snapshot
from pinconnect.workspaces.models import User, Workspace
from tests.factories import make_workspace

PEOPLE = "email,phone,country\nann@example.com,+4930901820,DE\nbob@example.com,+4930901821,DE\ncleo@example.com,,FR\n"
_number = count(1)


def make_dataset(workspace: Workspace | None = None, name: str = "", *, by: User | None = None) -> Dataset:
    """A dataset without rows."""
    return services.create_dataset(workspace or make_workspace(), by=by, name=name or f"Customers {next(_number)}")


def make_snapshot(
    dataset: Dataset | None = None,
    content: str | bytes = PEOPLE,
    *,
    mode: str = "append",
    name: str = "people.csv",
    by: User | None = None,
    **kwargs: Any,
) -> Snapshot:
    """A snapshot as an upload makes it: examined, and ready unless the content is bad."""
    data = content.encode() if isinstance(content, str) else content
    return services.receive_upload(
        dataset or make_dataset(), by=by, file=io.BytesIO(data), original_name=name, mode=mode, **kwargs
    )


def page_of(thing: Dataset | Snapshot, name: str = "") -> str:
    """The address of a page about a dataset or a snapshot."""
    if isinstance(thing, Dataset):
        arguments: dict[str, Any] = {"dataset_id": thing.pk}
        name = name or "detail"
    else:
        arguments = {"dataset_id": thing.dataset_id, "number": thing.number}
        name = name or "snapshot-detail"
    return reverse(f"datasets:{name}", kwargs={"workspace": thing.workspace.slug, **arguments})
