"""What the queue calls: each takes the id of a row, may run any number of times, and returns a word or a number."""

from audiences import carrying, pruning
from audiences.people import erasing, history
from audiences.pipeline import settle, upload
from audiences.services import observing, preparing, restoring
from audiences.states import RunState


def carry_run(run_id: int) -> str:
    return carrying.carry(run_id)


def prepare_run(run_id: int) -> str:
    return preparing.prepare(run_id)


def prepare_and_send(run_id: int) -> str:
    """Prepare, and begin to send while the queue tells others: small runs are through before those have heard."""
    state = preparing.prepare(run_id)
    if state == RunState.UPLOADING:
        upload.pump(run_id, budget_s=upload.FIRST_BUDGET_S)
    return state


def prune_files(_: int) -> int:
    return pruning.prune()


def pump_run(run_id: int) -> int:
    return upload.pump(run_id)


def restore_run(run_id: int) -> str:
    return restoring.restore(run_id)


def settle_run(run_id: int) -> str:
    return settle.settle(run_id)


def observe_audience(audience_id: int) -> str:
    return observing.observe(audience_id)


def merge_changes(audience_id: int) -> int:
    return history.merge(audience_id)


def erase(erasure_id: int) -> int:
    return erasing.work(erasure_id)
