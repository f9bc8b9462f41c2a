"""Text that tries to be more than text, and what it leaves behind where it succeeds."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum
from html.parser import HTMLParser
from io import BytesIO
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pikepdf

# What a PDF of ours never has: addresses it calls, programs, other files.
_ACTIVE = (
    "/JS",
    "/Launch",
    "/SubmitForm",
    "/GoToR",
    "/OpenAction",
    "/AA",
    "/RichMedia",
)


def attempts(there: str) -> str:
    """Return markup, styles and templates that would ask an address, or do more.

    The first of it fits the shortest fields.
    """
    return " ".join((
        "<svg onload=x()>",
        f"<img src={there} onerror=x()>",
        "{{7*7}}{% include '/etc/passwd' %}${7*7}",
        "\u202egnp\u2066.exe\x1b",
        f'" style="background:url({there})" onclick="x()',
        "' autofocus onfocus='x()",
        f"<link rel=attachment href={there}><link rel=stylesheet href={there}>",
        '<link rel="attachment" href="file:///etc/passwd">',
        f"<style>@import url({there});*{{background:url({there})}}</style>",
        f"<object data={there}></object><iframe src={there}></iframe>",
        f'<svg onload="x()"><image href="{there}"/><use href="{there}#a"/></svg>',
        "</title></textarea></script><script>x()</script>",
        "]]>&evil;&lt;b&gt;<!-- <?php x() ?>",
        ";}*{content:attr(x)}",
    ))  # fmt: skip


@contextmanager
def listening() -> Iterator[tuple[str, list[str]]]:
    """Listen on a free port; give its address, and who connected until now."""
    callers: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            try:
                while True:
                    connection, (address, _) = server.accept()
                    callers.append(address)
                    connection.close()
            except OSError:
                return

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/", callers
        server.shutdown(socket.SHUT_RDWR)


def text_fields(kind: Any) -> set[str]:
    """Return every text that a value of this class holds, as `Class.field`."""
    if get_origin(kind) in (Union, UnionType, tuple):
        return set().union(*(text_fields(each) for each in get_args(kind)))
    if not is_dataclass(kind):
        return set()
    found: set[str] = set()
    for name, hint in get_type_hints(kind).items():
        holds_text = hint is str or str in get_args(hint)
        found |= {f"{kind.__name__}.{name}"} if holds_text else text_fields(hint)
    return found


def planted(value: Any, write: Callable[[str, str], str], place: str = "") -> Any:
    """Return the value with each of its texts written anew, by place and old text."""
    if is_dataclass(value) and not isinstance(value, type):
        name = type(value).__name__
        return replace(
            value,
            **{
                each.name: planted(
                    getattr(value, each.name), write, f"{name}.{each.name}"
                )
                for each in fields(value)
                if each.init
            },
        )
    if isinstance(value, tuple):
        return tuple(planted(each, write, place) for each in value)
    if isinstance(value, str) and not isinstance(value, Enum):
        return write(place, value)
    return value


@dataclass
class _Reader(HTMLParser):
    """Reads a page as a browser does: its elements, and its words."""

    elements: set[tuple[str, frozenset[str]]] = field(default_factory=set)
    addresses: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links += [value or "" for name, value in attrs if name == "href"]
            attrs = [(name, value) for name, value in attrs if name != "href"]
        self.elements.add((tag, frozenset(name for name, _ in attrs)))
        self.addresses += [
            value or ""
            for name, value in attrs
            if name in ("src", "srcset", "href", "data", "action", "style", "poster")
            or name.startswith("on")
        ]

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self.cdata_elem == "script":
            self.scripts.append(data)


@dataclass(frozen=True, slots=True)
class Page:
    """What a page is made of.

    Attributes:
        elements: each kind with the names of its attributes.
        addresses: what its attributes fetch, style or run by themselves.
        links: where one can go by pressing.
        text: its words, with one space between two.
        scripts: what it runs.
    """

    elements: frozenset[tuple[str, frozenset[str]]]
    addresses: tuple[str, ...]
    links: tuple[str, ...]
    text: str
    scripts: tuple[str, ...]


def read_page(html: str) -> Page:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    text = " ".join("".join(reader.words).split())
    return Page(
        frozenset(reader.elements),
        tuple(reader.addresses),
        tuple(reader.links),
        text,
        tuple(reader.scripts),
    )


def attachments_of(pdf: bytes) -> dict[str, bytes]:
    """Return what is inside a PDF, by name."""
    with pikepdf.open(BytesIO(pdf)) as opened:
        return {
            name: spec.get_file().read_bytes()
            for name, spec in opened.attachments.items()
        }


def calls_of(pdf: bytes) -> list[str]:
    """Return each address and each act that a PDF holds."""
    found: list[str] = []
    with pikepdf.open(BytesIO(pdf)) as opened:
        for each in opened.objects:
            if isinstance(each, pikepdf.Dictionary | pikepdf.Stream):
                found += [name for name in _ACTIVE if name in each]
                found += [str(each["/URI"])] if "/URI" in each else []
                if str(each.get("/S", "")) in ("/JavaScript", "/Launch", "/GoToR"):
                    found.append(str(each["/S"]))
    return found
