"""Fields of the workspace's own, as forms ask for them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import reflex as rx

from billing_app.domain.custom_fields import CustomField


@dataclass(frozen=True, slots=True)
class OwnField:
    """One of the workspace's own fields: `name` is that of its input."""

    name: str
    label: str
    kind: str
    aside: str
    problem: str = ""


def asked(field: CustomField, problem: str = "") -> OwnField:
    """Return a field as a form asks for it."""
    asides = [
        word
        for word, is_so in (
            ("required", field.is_required),
            ("staff only", field.is_staff_only),
        )
        if is_so
    ]
    return OwnField(
        field.input_name, field.name, field.kind, ", ".join(asides), problem
    )


def all_asked(fields: Iterable[CustomField]) -> list[OwnField]:
    return [asked(field) for field in fields]


def own_input(own: Any, **props: Any) -> rx.Component:
    """Draw the input of an `OwnField`."""
    return rx.el.input(
        type=rx.match(own.kind, ("date", "date"), "text"),
        input_mode=rx.match(own.kind, ("number", "decimal"), "text"),
        **{"name": own.name, "auto_complete": "off", **props},
    )
