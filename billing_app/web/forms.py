"""Turn what a browser sent for a form into a form value of the services."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar, get_type_hints

Form = TypeVar("Form")


def read_form(kind: type[Form], sent: dict[str, Any]) -> Form:
    """Return the form with the texts sent, and each switch that was sent as on.

    Fields that are neither text nor switch, and names that the form does not
    have, are left out.
    """
    types = get_type_hints(kind)
    values: dict[str, Any] = {}
    for field in fields(kind):  # type: ignore[arg-type]
        if types[field.name] is bool:
            values[field.name] = field.name in sent
        elif types[field.name] is str:
            values[field.name] = sent_text(sent, field.name)
    return kind(**values)


def sent_text(sent: dict[str, Any], name: str) -> str:
    value = sent.get(name, "")
    return value if isinstance(value, str) else ""
