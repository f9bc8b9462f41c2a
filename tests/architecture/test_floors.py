"""The house stands: imports point down, and words are kept to their homes."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "billing_app"

# Lowest first. A module imports its own folder and the floors below it; neighbours
# on one floor never import each other.
FLOORS = (
    {"domain"},
    {"models", "gateways", "documents"},
    {"database"},
    {"queries"},
    {"services"},
    {"runtime"},
    {"workflows", "sandbox"},
    {"web", "endpoints", "commands", "cli"},
    {"billing_app"},
    {"asgi"},
    {"web_server"},
)
# Of no floor: settings and logs know only the domain, and everyone may know them.
BESIDE = {"settings", "logs", "build"}
# Doors and services reach further down only through what lies between.
FORBIDDEN = {
    "services": {"gateways"},
    "web": {"models", "gateways"},
    "endpoints": {"models", "gateways"},
}

# The homes of words; a home is a folder or a file directly in the package.
KEPT_TO = {
    r"(?<!\w)Session\(": {"database"},
    r"(?<![\w.])text\(": {"database"},
    r"__table__": {"database"},
    r"(?<![\w.])insert\(": {"database"},
    r"from_statement\(": {"database"},
    r"datetime\.now\(|utcnow\(|date\.today\(": {"runtime.py"},
    r"\btime\.time\(": {"runtime.py"},
    r"^\s*(import|from) stripe\b": {"gateways", "sandbox"},
    # The limit is by tables a statement mentions; these would hide some.
    r"(?<!\w)[rR]elationship\(": set(),
    r"column_property\(": set(),
    # Money and numbers never pass through binary fractions.
    r"\bfloat\(": {"bench"},
}

MODULES = sorted(PACKAGE.rglob("*.py"))


def home_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0]


def place_of(path: Path) -> str:
    return home_of(path).removesuffix(".py")


def level_of(place: str) -> int:
    return next(i for i, places in enumerate(FLOORS) if place in places)


def imported_places(path: Path) -> set[str]:
    """Return the parts of the package a module imports, also inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: write imports in full"
            module = node.module or ""
            names |= (
                {f"billing_app.{alias.name}" for alias in node.names}
                if module == "billing_app"
                else {module}
            )
    ours = {name for name in names if name.startswith("billing_app.")}
    return {name.split(".")[1] for name in ours}


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_down(path: Path):
    place = place_of(path)
    imported = imported_places(path) - {place} - BESIDE

    if place in BESIDE:
        assert imported <= {"domain"}
    elif place != "__init__":
        level = level_of(place)
        upward = {other for other in imported if level_of(other) >= level}
        # A command is called from the command line's own door.
        upward -= {"commands"} if place == "cli" else set()
        assert upward == set()
        assert imported.isdisjoint(FORBIDDEN.get(place, set()))


@pytest.mark.parametrize(("word", "homes"), KEPT_TO.items(), ids=KEPT_TO)
def test_words_are_kept_to_their_homes(word: str, homes: set[str]):
    written = re.compile(word, re.MULTILINE)
    strays = [
        name_of(path)
        for path in MODULES
        if home_of(path) not in homes and written.search(path.read_text())
    ]

    assert strays == []


def test_a_form_without_a_handler_is_sent_by_the_browser():
    """Reflex's own form then goes nowhere: `post_form` and `get_form` do."""
    strays = [
        f"{name_of(path)}:{call.lineno}"
        for path in MODULES
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) in ("rx.form", "rx.el.form")
        and "on_submit" not in {keyword.arg for keyword in call.keywords}
    ]

    assert strays == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_says_what_it_is_for(path: Path):
    assert ast.get_docstring(ast.parse(path.read_text()))
