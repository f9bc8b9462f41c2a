"""How much text a document may hold, so that what has a number can be printed, too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from billing_app.domain.errors import InvalidInput

# All texts of a document together, in characters: 160 for each of 500 lines. The worst
# are Arabic letters on 500 lines, each in a group of its own: on two busy cores so many
# take the print process under 6 of its 20 seconds, and 100 MB above the 330 it starts
# with, of 1,024. Latin letters take half of the time.
PRINT_SIZE_MAX = 80_000
# A line break starts a printed row, which costs as much as so many letters: 10,000
# breaks took 6 seconds, and 20,000 took 15 and 240 MB; 1,600 of them take one.
BREAK_SIZE = 50


def print_size(text: str) -> int:
    """Return the characters of a text, each line break counted as fifty."""
    return len(text) + BREAK_SIZE * max(0, len(text.splitlines()) - 1)


def check_print_size(texts: Mapping[str, Iterable[str]]) -> None:
    """Refuse texts that are too much for one document; they come by their field.

    Raises:
        InvalidInput: beside the field that holds most of it.
    """
    sizes = {name: sum(map(print_size, each)) for name, each in texts.items()}
    size = sum(sizes.values())
    if size > PRINT_SIZE_MAX:
        raise InvalidInput(
            f"Its texts are too long to print: {size:,} characters, a line break "
            f"counted as {BREAK_SIZE}, and {PRINT_SIZE_MAX:,} fit. Shorten them, or "
            "make two invoices.",
            field=max(sizes, key=lambda name: sizes[name]),
        )
