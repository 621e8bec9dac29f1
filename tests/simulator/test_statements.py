"""A guard: every numbered statement about Pinterest that the simulator must keep has at least one test."""

import ast
import re
from pathlib import Path

REQUIRED = {*range(1, 74)}


def _numbers_of_tests() -> dict[int, int]:
    found: dict[int, int] = {}
    for path in Path(__file__).parent.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for number in re.findall(r"Statement (\d+)\.", ast.get_docstring(node) or ""):
                    found[int(number)] = found.get(int(number), 0) + 1
    return found


def test_every_statement_has_a_test() -> None:
    found = _numbers_of_tests()

    assert sum(found.values()) >= 85
    assert REQUIRED - set(found) == set()
    assert set(found) - REQUIRED == set()
