"""Bulk upload: parts put to addresses of their own, then processed as one batch (statements 58 to 65)."""

import threading

import pytest

from pinconnect.simulator.http import Answer
from tests.simulator.helpers import LISTS, Bob, body, emails, error, sha256
from tests.support.simulator import SimulatorInTest

Address = str


class Uploader(Bob):
    """Bob with a list and an ad account that has the feature."""

    def __init__(self, simulator: SimulatorInTest) -> None:
        super().__init__(simulator)
        simulator.settings(bulk_upload=True, min_part_bytes=10)
        self.list = body(self.post(LISTS, {"name": "x", "records": "first@example.com"}))["id"]
        self.uploads = f"{LISTS}/{self.list}/uploads"

    def create(self, operation: str = "ADD", parts: int = 1) -> tuple[str, list[Address]]:
        made = body(self.post(self.uploads, {"operation": operation, "total_parts": parts}))
        found = made["s3_multipart_upload_data"]["file_parts"]
        return made["customer_list_upload"]["id"], [part["presigned_url"] for part in found]

    def put(self, address: Address, data: bytes) -> Answer:
        return self.simulator.call("PUT", address.partition("pinterest.test")[2], body=data)

    def run(self, upload: str) -> Answer:
        return self.post(f"{self.uploads}/{upload}/run", {})

    def state(self, upload: str) -> dict:
        return body(self.get(f"{self.uploads}/{upload}"))

    def uploaded(self, operation: str, data: bytes) -> dict:
        upload, (address,) = self.create(operation)
        self.put(address, data)
        self.run(upload)
        self.simulator.advance(3)
        return self.state(upload)


@pytest.fixture
def bob(simulator: SimulatorInTest) -> Uploader:
    return Uploader(simulator)


@pytest.mark.parametrize("total", [0, 11, "2", None, True])
def test_uploads_have_one_to_ten_parts(bob: Uploader, total: object) -> None:
    """Statement 58."""
    assert error(bob.post(bob.uploads, {"operation": "ADD", "total_parts": total})) == (400, 1)


def test_every_part_has_an_address_of_its_own(bob: Uploader) -> None:
    """Statement 58."""
    assert len(set(bob.create(parts=10)[1])) == 10


def test_a_part_needs_no_token(bob: Uploader) -> None:
    """Statement 59."""
    _, (address,) = bob.create()

    answer = bob.put(address, b"a@b.cc")

    assert (answer.status, bool(answer.headers["etag"])) == (200, True)


def test_an_upload_with_a_part_missing_does_not_run(bob: Uploader) -> None:
    """Statement 60."""
    upload, addresses = bob.create(parts=2)
    bob.put(addresses[0], b"first@example.org")

    assert error(bob.run(upload)) == (400, 1)


def test_a_part_that_is_too_short_fails_the_upload(bob: Uploader) -> None:
    """Statement 60."""
    upload, addresses = bob.create(parts=2)
    bob.put(addresses[0], b"short")
    bob.put(addresses[1], b"x")
    bob.run(upload)
    bob.simulator.advance(3)

    assert bob.state(upload)["state"] == "FAILED"
    assert len(bob.simulator.members(bob.list)) == 1


def test_an_upload_goes_through_its_states_and_starts_once(bob: Uploader) -> None:
    """Statement 61."""
    upload, (address,) = bob.create()
    bob.put(address, b"a@b.cc\n")
    before = bob.state(upload)["state"]
    bob.run(upload)
    running = bob.state(upload)["state"]
    again = bob.run(upload).status
    bob.simulator.advance(3)

    assert (before, running, again, bob.state(upload)["state"]) == ("NOT_STARTED", "RUNNING", 409, "SUCCEEDED")


def test_counts_appear_with_the_result(bob: Uploader) -> None:
    """Statement 62."""
    upload, (address,) = bob.create()
    nothing = bob.state(upload)
    bob.put(address, b"a@b.cc\nnonsense\n" + sha256("c@d.ee").encode())
    bob.run(upload)
    bob.simulator.advance(3)

    found = bob.state(upload)

    assert (nothing["record_counts"], nothing["error_counts"]) == (None, None)
    assert found["record_counts"] == {"processed": 3, "valid": 2, "invalid": 1}
    assert sum(problem["count"] for problem in found["error_counts"]) == 1


def test_success_adds_to_the_list_as_one_batch(bob: Uploader) -> None:
    """Statement 63."""
    bob.uploaded("ADD", emails(300).replace(",", "\n").encode())
    added = body(bob.get(f"{LISTS}/{bob.list}"))
    bob.uploaded("REMOVE", emails(100).replace(",", "\n").encode())
    removed = body(bob.get(f"{LISTS}/{bob.list}"))

    assert (added["num_batches"], added["num_uploaded_user_records"]) == (2, 301)
    assert (removed["num_batches"], removed["num_removed_user_records"]) == (3, 100)
    assert len(bob.simulator.members(bob.list)) == 201


def test_an_account_without_the_feature_is_refused(bob: Uploader) -> None:
    """Statement 64."""
    bob.simulator.settings(bulk_upload=False)

    assert error(bob.post(bob.uploads, {"operation": "ADD", "total_parts": 1})) == (403, 403)


def test_an_address_dies_after_an_hour(bob: Uploader) -> None:
    """Statement 65."""
    _, (address,) = bob.create()
    bob.simulator.advance(3601)

    answer = bob.put(address, b"a@b.cc")

    assert (answer.status, b"<Code>AccessDenied</Code>" in answer.body) == (403, True)


def test_an_address_cannot_be_guessed(bob: Uploader) -> None:
    """Statement 65."""
    _, (address,) = bob.create()

    assert bob.put(address[:-1] + ("0" if address[-1] != "0" else "1"), b"a@b.cc").status == 403


def test_an_upload_that_is_due_stops_nobody_while_its_list_is_being_written(bob: Uploader) -> None:
    upload, (address,) = bob.create()
    bob.put(address, b"second@example.com")
    bob.run(upload)
    bob.simulator.advance(3)
    world = bob.simulator.app.world

    with world.list_lock(int(bob.list)):
        asking = threading.Thread(target=bob.state, args=[upload], daemon=True)
        asking.start()
        asking.join(0.3)
        assert asking.is_alive(), "it did not wait for the list"
        # Whoever writes to the list has its lock and needs the store's.
        is_free = world.store.lock.acquire(timeout=2)
        if is_free:
            world.store.lock.release()
    asking.join(5)

    assert is_free
    assert bob.state(upload)["state"] == "SUCCEEDED"


def test_a_deleted_list_takes_its_uploads_and_their_files_along(bob: Uploader) -> None:
    upload, (address,) = bob.create()
    bob.put(address, b"second@example.com")
    folder = bob.simulator.app.world.lists_dir
    assert len(list(folder.iterdir())) == 2

    assert bob.simulator.call("DELETE", f"/_simulator/customer_lists/{bob.list}").status == 200

    assert error(bob.get(f"{bob.uploads}/{upload}")) == (404, 404)
    assert bob.put(address, b"third@example.com").status == 403
    assert list(folder.iterdir()) == []
