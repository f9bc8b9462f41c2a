"""Every sentence for customers is there in every language, with all its values.

`python -m tests.architecture.test_catalogs` brings the files up to date: what the code
says anew comes in empty, to be translated, and what it says no more goes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from billing_app.domain.portal_invoice import NOT_AVAILABLE, NOT_FOUND
from billing_app.domain.speech import (
    LANGUAGE_NAMES,
    PAGE_MARK,
    SOURCE_LANGUAGE,
    catalog_path,
)

PACKAGE = Path(__file__).parents[2] / "billing_app"
TRANSLATED = [it for it in LANGUAGE_NAMES if it != SOURCE_LANGUAGE]
# Which arguments of these are words for people; `c` marks the context.
KEYWORDS = {
    "say": None,
    "later": None,
    "count": (1, 2),
    "later_count": (1, 2),
    "say_as": ((1, "c"), 2),
    "later_as": ((1, "c"), 2),
}
# What a page says in the browser: these words go into its script, too.
PAGE_KEYWORDS = {"worded": None, "quoted": None}
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
PAGE_METHODS = [("**.py", "python"), ("**.jsx", "javascript")]
_VALUE = re.compile(r"{(\w*)}")

Said = tuple[str | tuple[str, ...], str | None]


def said_by_the_code() -> list[Said]:
    """Return each message once, a tuple where it counts, and its context."""
    return list(dict.fromkeys([*_found(METHODS, KEYWORDS), *said_by_pages()]))


def said_by_pages() -> list[Said]:
    """Return the words among them that are looked up in the browser."""
    by_pages = _found(PAGE_METHODS, PAGE_KEYWORDS)
    return [*by_pages, *((words, None) for words in said_alone())]


def said_alone() -> list[str]:
    """Return what pages without brand say, which comes from where the rules live."""
    return [*NOT_FOUND, *NOT_AVAILABLE]


def _found(methods: Any, keywords: Mapping[str, Any]) -> list[Said]:
    found = extract_from_dir(str(PACKAGE), methods, keywords=keywords, comment_tags=())
    return list(dict.fromkeys((words, context) for _, _, words, _, context in found))


def read(language: str) -> Catalog:
    path = catalog_path(language)
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def messages(catalog: Catalog) -> Iterator[Message]:
    return (it for it in catalog if it.id)


def forms(words: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else tuple(words)


@pytest.fixture(scope="module")
def said() -> list[Said]:
    return said_by_the_code()


@pytest.mark.feature("A20")
@pytest.mark.parametrize("language", TRANSLATED)
def test_a_language_has_every_sentence_and_no_other(language: str, said: list[Said]):
    theirs = {(it.id, it.context) for it in messages(read(language))}

    assert theirs == set(said), f"run python -m {__spec__.name}"


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_sentence_is_translated_in_every_number_with_its_values(language: str):
    catalog = read(language)
    for message in messages(catalog):
        assert not message.fuzzy, message.id
        written = forms(message.string)
        expected = catalog.num_plurals if message.pluralizable else 1
        assert len(written) == expected, message.id
        allowed = {it for form in forms(message.id) for it in _VALUE.findall(form)}
        for form in written:
            assert form.strip(), f"{message.id} is not translated"
            given = set(_VALUE.findall(form))
            assert given <= allowed, form
            # A number may be said as a word; nothing else may be left out.
            assert allowed - given <= {"count"}, form


@pytest.mark.parametrize("language", TRANSLATED)
def test_pages_find_their_words_in_every_language(language: str):
    marked = {
        (it.id, it.context)
        for it in messages(read(language))
        if PAGE_MARK in it.auto_comments
    }

    assert marked == set(said_by_pages()), f"run python -m {__spec__.name}"


def test_nothing_is_said_inside_an_f_string():
    """Where it would not be found by what collects the sentences."""
    hidden = [
        f"{path.name}:{node.lineno}"
        for path in PACKAGE.rglob("*.py")
        for part in ast.walk(ast.parse(path.read_text()))
        if isinstance(part, ast.JoinedStr)
        for node in ast.walk(part)
        if isinstance(node, ast.Call) and _name_of(node.func) in KEYWORDS
        if any(isinstance(it, ast.Constant) for it in node.args)
    ]

    assert hidden == []


def _name_of(called: ast.expr) -> str:
    if isinstance(called, ast.Attribute):
        return called.attr
    return called.id if isinstance(called, ast.Name) else ""


def update(language: str, said: list[Said]) -> None:
    known = {(it.id, it.context): it.string for it in messages(read(language))}
    catalog, pages = Catalog(locale=language), set(said_by_pages())
    for words, context in said:
        marks = (PAGE_MARK,) if (words, context) in pages else ()
        said_so = known.get((words, context), "")
        catalog.add(words, said_so, auto_comments=marks, context=context)
    path = catalog_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalog, width=88, omit_header=True, no_location=True)


if __name__ == "__main__":
    for each in TRANSLATED:
        update(each, said_by_the_code())
