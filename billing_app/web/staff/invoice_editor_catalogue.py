"""What the catalogue offers for the description of a line on the builder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import reflex as rx

from billing_app.queries.products import ProductOffer

OFFERS_LIST = "offers"


@dataclass(frozen=True, slots=True)
class Offer:
    """A product to choose: its name, and what helps to tell it from others."""

    name: str
    words: str


class EditorCatalogueState(rx.State):
    """The products offered, apart from the lines: they change with every key."""

    offers: list[Offer] = []  # noqa: RUF012  (Reflex copies the default)

    def _offer(self, found: tuple[ProductOffer, ...]) -> None:
        offers = [Offer(x.name, _words(x)) for x in found]
        if offers != self.offers:
            self.offers = offers


def typed_name(texts: Mapping[Any, Any]) -> str | None:
    """Return the description of a line among what was typed, None without one."""
    for name, value in texts.items():
        is_name = isinstance(name, str) and name.startswith("line:")
        if is_name and name.endswith(":name") and isinstance(value, str):
            return value[:200]
    return None


def _words(offer: ProductOffer) -> str:
    if not offer.unit_price:
        return offer.unit
    per = f" per {offer.unit}" if offer.unit else ""
    return f"{offer.unit_price} {offer.currency}{per}"
