"""A million rows are examined in bounded memory, whatever is wrong with them."""

import subprocess
import sys
from pathlib import Path

import pytest

ROWS = 1_000_000
LIMIT_MIB = 400

# Without a file the data engine takes the process for a console, and draws a bar into what takes long.
EXAMINE = """
__file__ = "examine.py"
import sys, tempfile
from pathlib import Path
from pinconnect.datasets.examination.examine import examine
from pinconnect.datasets.examination.results import Limits, RefusedError
try:
    with tempfile.TemporaryDirectory() as work:
        found = examine(Path(sys.argv[1]), "people.csv", Path(work), Limits(expanded_bytes=10**10, threads=2))
    print(found.rows, sum(found.broken.values()), end=" ")
except RefusedError as error:
    print(error.code, error.line, end=" ")
# Not getrusage(): that begins with the peak of the process that started this one.
status = Path("/proc/self/status").read_text()
print(int(status.split("VmHWM:")[1].split()[0]) // 1024)
"""


def measured(path: Path) -> tuple[list[str], int]:
    """The outcome, and the peak memory in MiB of a process that does nothing else."""
    reply = subprocess.run(
        [sys.executable, "-c", EXAMINE, path], capture_output=True, text=True, check=True, timeout=300
    )
    *outcome, peak = reply.stdout.split()
    return outcome, int(peak)


def lines(path: Path, row: str, extra: dict[int, str]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.write("email,phone,city\n")
        file.writelines(extra.get(number, row.format(number)) for number in range(ROWS))
    return path


ROW = "person{0}@example.com,+4930{0:08},Rome\n"
CASES = {
    "clean": (ROW, {}, [str(ROWS), "0"]),
    "broken": (
        ROW,
        dict.fromkeys(range(0, ROWS, 20), "x\n"),
        ["950000", "50000"],
    ),
    "all broken": ("person{0}@example.com,x\n", dict.fromkeys(range(999), "a,b,c\n"), ["too_many_broken_rows", "None"]),
    "open quote": (
        ROW,
        {600_000: 'x@y.org,"1,Rome\n'},
        ["unclosed_quote", "600002"],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_million_rows_fit_into_little_memory(tmp_path, case):
    row, extra, expected = CASES[case]

    outcome, peak = measured(lines(tmp_path / "people.csv", row, extra))

    assert outcome == expected
    assert peak < LIMIT_MIB
