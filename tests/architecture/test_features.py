"""Which test shows which row of the features, and that docs/features.md says so.

A test names the rows it shows: `@pytest.mark.feature("F001", "F042")`. After a
meant change, print the page anew:

    uv run python -m tests.architecture.test_features > docs/features.md
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.features import MISSING, SECTIONS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "features.md"
MAKE_ANEW = "uv run python -m tests.architecture.test_features > docs/features.md"
ROWS = {row for section in SECTIONS for row in section.rows}


def find_marks() -> dict[str, list[str]]:
    """Return the tests of each row, by file and then as they stand in it."""
    found: dict[str, list[str]] = {}
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        source = file.read_text()
        if "mark.feature" not in source:
            continue
        for names, node in walk(ast.parse(source)):
            for row in rows_of(node):
                test = f"{file.relative_to(ROOT)}::{'::'.join(names)}"
                found.setdefault(row, []).append(test)
    return found


def walk(node: ast.AST, names: tuple[str, ...] = ()) -> Iterator[tuple]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield (*names, child.name), child
            yield from walk(child, (*names, child.name))


def rows_of(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    return [
        ast.literal_eval(argument)
        for mark in node.decorator_list
        if isinstance(mark, ast.Call)
        and ast.unparse(mark.func) == "pytest.mark.feature"
        for argument in mark.args
    ]


def print_page() -> str:
    marks = find_marks()
    lines = [
        "# What the product does, and what shows it",
        "",
        "Printed from the marks of the tests and compared with them by",
        "`tests/architecture/test_features.py`. A row counts once a test shows it",
        "running; *still missing* is what they leave out. Files are those of `tests/`.",
        "",
        f"{len(marks)} of {len(ROWS)} rows are shown,"
        f" {len(marks.keys() & MISSING.keys())} of them in part.",
    ]
    for section in SECTIONS:
        lines += ["", f"## {section.title}", ""]
        lines += ["| Row | Promise | Shown by |", "|---|---|---|"]
        for row, promise in section.rows.items():
            lines.append(f"| {row} | {promise} | {shown_by(row, marks)} |")
    return "\n".join(lines) + "\n"


def shown_by(row: str, marks: dict[str, list[str]]) -> str:
    if row not in marks:
        return "not yet"
    shown = [f"`{test.removeprefix('tests/')}`" for test in marks[row]]
    if row in MISSING:
        shown.append(f"*still missing: {MISSING[row]}*")
    return "<br>".join(shown)


def test_the_page_is_that_of_the_tests():
    assert PAGE.read_text() == print_page(), f"run: {MAKE_ANEW}"


def test_each_mark_names_a_row_there_is():
    assert find_marks().keys() <= ROWS


def test_what_is_missing_is_missing_of_a_row_that_is_shown():
    assert MISSING.keys() <= find_marks().keys()


if __name__ == "__main__":
    print(print_page(), end="")  # noqa: T201
