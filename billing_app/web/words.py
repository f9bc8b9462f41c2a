"""What a page says by itself, in the language of whoever reads it.

    rx.el.h2(worded("Payments and receipts"))
    worded("Page {number} of the invoice PDF", number=place + 1)

The page is compiled once for everybody; so the words are looked up in the browser, in
the script that `endpoints/words.py` serves. What a state holds is said on the server.
"""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.utils.imports import ImportVar
from reflex.vars import VarData

from billing_app.web.scripts import script_beside

LIBRARY = script_beside(__name__, "words.js")
_SAYS = VarData(imports={LIBRARY: [ImportVar(tag="worded")]})


def worded(words: str | rx.Var[str], **values: Any) -> rx.Var[str]:
    """Return the words that a page shows, with the values put in by their names.

    A var holds words that are said elsewhere; what no catalog has stays as it is.
    """
    spoken = rx.Var.create(words)
    given = [str(spoken)]
    given += [str(rx.Var.create(values))] if values else []
    parts = [VarData.merge(_SAYS, spoken._get_all_var_data(), *_data_of(values))]
    return rx.Var(
        f"worded({', '.join(given)})", _var_type=str, _var_data=VarData.merge(*parts)
    ).to(str)


def _data_of(values: dict[str, Any]) -> list[VarData | None]:
    return [rx.Var.create(value)._get_all_var_data() for value in values.values()]
