"""Three hosts deliver together, one of them is lost for good half-way, and every list is exact."""

import hashlib
from pathlib import Path

import pytest

from tests.chaos.storm import operator
from tests.support import processes, scripted
from tests.support.hosts import running_hosts

pytestmark = [pytest.mark.services, pytest.mark.slow]
LARGE, SMALL, SMALL_LISTS = 30_000, 40, 3
# What a lost host held is free after a minute; the rest is room for a crowded machine.
WITHIN_S = 300.0


def write(folder: Path, name: str, size: int) -> tuple[Path, set[scripted.Member]]:
    """A file of made-up people, and who has to be on the list."""
    emails = [f"{name}.{number}@hosts.example" for number in range(size)]
    file = folder / f"{name}.csv"
    file.write_text("\n".join(["email", *emails]), encoding="utf-8")
    return file, {("email", hashlib.sha256(email.encode()).hexdigest()) for email in emails}


@pytest.mark.parametrize("ground", ["redis", "sqs"])
def test_a_host_that_is_lost_half_way_costs_a_minute_and_nobody_on_a_list(ground: str, tmp_path: Path) -> None:
    sizes = {"large": LARGE, **{f"small-{number}": SMALL for number in range(SMALL_LISTS)}}
    files = {name: write(tmp_path, name, size) for name, size in sizes.items()}
    with (
        running_hosts(tmp_path, ground, ["host-2", "host-3"], {"BATCH_RECORDS": "500"}) as hosts,
        operator(hosts.stack) as asked,
    ):
        scripted.control(hosts.stack, "settings", {"tier": "off", "ready_delay_s": 1})
        slow = {"kind": "slow", "operation": "customer_lists/update", "seconds": 1.0, "times": None}
        scripted.control(hosts.stack, "faults", slow)
        for name, (file, _) in files.items():
            asked.ask("start", name=name, mode="mirror", file=str(file), mapped=["email=email"], country="")
        assert processes.wait_until(lambda: {"host-2", "host-3"} <= set(hosts.calls()), 120), hosts.calls()

        hosts.lose("host-3")
        before = hosts.calls()

        def states() -> dict[str, int]:
            return dict(hosts.query("SELECT state, count(*) FROM audiences_run GROUP BY state"))  # type: ignore[arg-type]

        assert sum(before.values()) < 60, "it was lost half-way"
        assert processes.wait_until(lambda: states() == {"done": len(files)}, WITHIN_S), (states(), before)
        lists = asked.insist("report")["lists"]
        for name, (_, expected) in files.items():
            assert scripted.members(hosts.stack, lists[name]) == expected
        after = hosts.calls()
        others = ("host-1", "host-2")
        assert sum(after.get(host, 0) for host in others) > sum(before.get(host, 0) for host in others)
        assert asked.insist("report")["open_batches"] == 0
