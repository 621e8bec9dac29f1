"""However much a workspace holds, its pages ask the database as often as for a little."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.factories import make_user, make_workspace
from tests.support.filling import Amounts, fill, pages

pytestmark = pytest.mark.django_db
FEW = Amounts(
    deliveries=3,
    runs=8,
    batches=20,
    of_one_run=4,
    calls=20,
    observations=9,
    events=5,
    datasets=3,
    alerts=3,
    open_alerts=2,
)
MANY = Amounts(
    deliveries=60,
    runs=400,
    batches=2_000,
    of_one_run=300,
    calls=2_000,
    observations=600,
    events=300,
    datasets=60,
    alerts=80,
    open_alerts=12,
)


def asked_for(client: Client, path: str) -> list[str]:
    """The queries of a page that is already warm."""
    assert client.get(path).status_code == 200, path
    with CaptureQueriesContext(connection) as asked:
        client.get(path)
    return [query["sql"] for query in asked.captured_queries]


def test_no_page_asks_more_often_for_more() -> None:
    owner = make_user("Alice", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(owner)
    queries: dict[str, list[int]] = {}

    for name, amounts in (("Few", FEW), ("Many", MANY)):
        workspace = make_workspace(name, owner=owner)
        found = pages(workspace, fill(workspace, amounts))
        for page, path in found.items():
            queries.setdefault(page, []).append(len(asked_for(client, path)))

    assert len(queries) > 20
    more = {page: counts for page, counts in queries.items() if counts[1] > counts[0]}
    assert not more
    assert max(counts[1] for counts in queries.values()) < 40
