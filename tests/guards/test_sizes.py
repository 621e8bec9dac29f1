"""Files and functions stay small enough to be read in one go."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 300
LONGEST_FUNCTION = 50
FOLDERS = ("pinconnect", "audiences", "invites", "tests", "bench")


def python_files() -> list[Path]:
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts]
    return [*files, ROOT / "manage.py"]


def functions_of(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_no_file_is_longer_than_300_lines() -> None:
    files = python_files()

    long = {
        str(path.relative_to(ROOT)): lines
        for path in files
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }

    assert len(files) > 100, f"only {len(files)} files were checked"
    assert not long


def test_no_function_is_longer_than_50_lines() -> None:
    checked = 0
    long = {}
    for path in python_files():
        for function in functions_of(path):
            checked += 1
            length = (function.end_lineno or function.lineno) - function.lineno + 1
            if length > LONGEST_FUNCTION:
                long[f"{path.relative_to(ROOT)}:{function.name}"] = length

    assert checked > 500, f"only {checked} functions were checked"
    assert not long


def test_every_module_says_what_it_is_for() -> None:
    files = [path for path in python_files() if path.read_text(encoding="utf-8").strip()]

    silent = [
        str(path.relative_to(ROOT))
        for path in files
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert len(files) > 100
    assert not silent
