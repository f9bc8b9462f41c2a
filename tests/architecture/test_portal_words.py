"""No component of the portal carries English words that cannot be translated."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PORTAL = Path(__file__).parents[2] / "billing_app" / "web" / "portal"
# What is a word on a page: a capital and small letters, or several small words.
_WORDS = re.compile(r"[A-Z][a-z]{2,}|[a-z]+ [a-z]+ [a-z]+")
# Where a text is what people read.
_READ = {"alt", "aria_label", "hint", "label", "lead", "placeholder", "title", "words"}
# Names of states that components choose by, drawn in other words; and what only the
# business's own people see, in a preview.
_NO_READING = {"worded", "quoted", "say", "Var", "asset"}
_ALLOWED = re.compile(
    "Processing|Disputed|Void|Preview: this is what your customer sees.*"
)


def bare_words(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield what a call is given to be read and nobody translates."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or _name(node.func) in _NO_READING:
            continue
        read = [*node.args, *(it.value for it in node.keywords if it.arg in _READ)]
        for argument in read:
            text = _text(argument)
            if _WORDS.search(text) and not _ALLOWED.fullmatch(text):
                yield node.lineno, text


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) for part in node.values)
    is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return str(node.value) if is_text else ""


def _name(called: ast.expr) -> str:
    if isinstance(called, ast.Subscript):
        return _name(called.value)
    return (
        called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    )


def is_drawn(path: Path) -> bool:
    return not path.name.endswith("_state.py") and path.name != "browser.py"


def test_a_component_of_the_portal_has_no_words_of_its_own():
    found = {
        f"{path.name}:{line}: {text}"
        for path in sorted(PORTAL.glob("*.py"))
        if is_drawn(path)
        for line, text in bare_words(ast.parse(path.read_text()))
    }

    assert found == set()


def test_bare_words_are_noticed():
    tree = ast.parse('rx.el.p("Amount due")\nfield(x, hint=f"Pay {y} now please")')

    assert [line for line, _ in bare_words(tree)] == [1, 2]
