"""What may be typed into a field, offered while typing; other values stay possible."""

from __future__ import annotations

from collections.abc import Mapping

import reflex as rx

from billing_app.domain.contact import country_names
from billing_app.domain.currencies import currency_names
from billing_app.domain.speech import LANGUAGE_NAMES

COUNTRIES = {"list": "countries"}
CURRENCIES = {"list": "currencies"}
LANGUAGES = {"list": "languages"}


def country_choices() -> rx.Component:
    return _choices("countries", country_names())


def currency_choices() -> rx.Component:
    return _choices("currencies", currency_names())


def language_choices() -> rx.Component:
    return _choices("languages", LANGUAGE_NAMES)


def _choices(name: str, names: Mapping[str, str]) -> rx.Component:
    return rx.el.datalist(
        *(rx.el.option(value=code, label=words) for code, words in names.items()),
        custom_attrs={"id": name},
    )
