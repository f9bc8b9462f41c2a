"""Names without the marks of their letters, as the database itself reads them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from billing_app.domain.contact import MARKED, PLAIN, without_marks

# What SQLite calls our function. It is handed nothing but the name: the letters with
# it would be most of what a search costs.
SQLITE_NAME = "without_marks"


class unmarked(GenericFunction[str]):
    """A name's key with each letter bare: zoe for zoë."""

    type = String()
    name = SQLITE_NAME
    inherit_cache = True


@compiles(unmarked, "postgresql")
def _translate(element: unmarked, compiler: Any, **how: Any) -> str:
    letters = [compiler.render_literal_value(x, String()) for x in (MARKED, PLAIN)]
    return (
        f"translate({compiler.process(element.clauses, **how)}, {', '.join(letters)})"
    )


def unmark(name_key: str | None) -> str | None:
    """Do the same for SQLite."""
    if name_key is None or name_key.isascii():
        return name_key
    return without_marks(name_key)
