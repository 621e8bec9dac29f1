"""Bulk upload, against replies written by hand and against the simulator."""

from typing import Any

import pytest

from pinconnect.pinterest import customer_lists, errors, uploads
from pinconnect.pinterest.client import Client, Exchange
from tests.pinterest.conftest import API
from tests.pinterest.contract.bodies import DIGESTS, RECORDS, a_list, path
from tests.pinterest.contract.worlds import Simulated, World


@pytest.fixture
def made(world: World, client: Client) -> str:
    """The id of a list in an ad account that has the feature."""
    if isinstance(world, Simulated):
        world.simulator.settings(bulk_upload=True, upload_delay_s=0)
    world.reply("POST", path("customer_lists"), a_list())
    return customer_lists.create(client, world.ad_account_id, name="n", list_type="EMAIL", payload=RECORDS).id


def an_upload(**changes: Any) -> dict[str, Any]:
    body = {"id": "77", "ad_account_id": "549755885175", "customer_list_id": "643", "operation": "ADD"}
    times = {"creation_time": 1728606435, "updated_time": 1728606435}
    return {**body, **times, "state": "NOT_STARTED", "record_counts": None, "error_counts": None, **changes}


def announced() -> dict[str, Any]:
    parts = [{"part_number": 1, "presigned_url": f"{API}/bucket/1?X-Amz-Signature=c0ffee5"}]
    return {"customer_list_upload": an_upload(), "s3_multipart_upload_data": {"file_parts": parts}}


def test_a_file_is_announced_put_run_and_confirmed(world: World, client: Client, made: str) -> None:
    world.reply("POST", path("customer_lists", "643", "uploads"), announced())
    world.reply("PUT", "/bucket/1", b"", etag="x")
    world.reply("POST", path("customer_lists", "643", "uploads", "77", "run"), an_upload(state="RUNNING"))
    counts = {"processed": 3, "valid": 3, "invalid": 0}
    done = an_upload(state="SUCCEEDED", record_counts=counts)
    world.reply("GET", path("customer_lists", "643", "uploads", "77"), done)

    upload, (part,) = uploads.create(client, world.ad_account_id, made, operation="ADD", total_parts=1)
    uploads.put(client, part, "\n".join(DIGESTS).encode())
    running = uploads.run(client, world.ad_account_id, made, upload.id)
    found = uploads.get(client, world.ad_account_id, made, upload.id)

    assert (upload.is_running, running.state, found.state) == (True, "RUNNING", "SUCCEEDED")
    assert found.took_all(3)
    assert not found.took_all(4)


def test_an_account_without_the_feature_says_so(world: World, client: Client, made: str) -> None:
    if isinstance(world, Simulated):
        world.simulator.settings(bulk_upload=False)
    world.reply("POST", path("customer_lists", "643", "uploads"), {"code": 403, "message": "no"}, status=403)

    with pytest.raises(errors.NotPermitted):
        uploads.create(client, world.ad_account_id, made, operation="ADD", total_parts=1)


@pytest.mark.parametrize(
    "url", ["https://evil.example/x", "http://bucket.s3.amazonaws.com/x", "https://notamazonaws.com/"]
)
def test_records_go_to_pinterests_bucket_only(world: World, client: Client, made: str, url: str) -> None:
    with pytest.raises(errors.Rejected):
        uploads.put(client, uploads.Part(1, url), b"x")


def test_watchers_are_told_neither_token_nor_address(world: World, made: str) -> None:
    seen: list[Exchange] = []
    client = Client(world.access_token, observe=seen.append)
    world.reply("POST", path("customer_lists", "643", "uploads"), announced())
    world.reply("PUT", "/bucket/1", b"")

    _, (part,) = uploads.create(client, world.ad_account_id, made, operation="ADD", total_parts=1)
    uploads.put(client, part, DIGESTS[0].encode())

    assert len(seen) == 2
    assert part.url.rpartition("=")[2] not in repr(seen)
    assert DIGESTS[0] not in repr(seen)
