"""Objects of a JSON file, read field by field with refusals that say where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import cast

from billing_app.domain.currencies import exponent
from billing_app.domain.errors import InvalidInput
from billing_app.domain.money import AmountTooLarge, Money, priced
from billing_app.domain.parsing import (
    FACTOR_DECIMALS_MAX,
    FACTOR_DIGITS_MAX,
    clean_text,
    parse_date,
)

TEXT_MAX = 500
NOTES_MAX = 10_000

_DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")


class Record:
    """A JSON object that knows where it stands.

    A missing field and null are the same. Every getter raises InvalidInput when
    it finds something else than its name says; `optional_` ones take nothing.
    """

    def __init__(self, values: Mapping[str, object], whose: str, path: str) -> None:
        self._values = values
        self._whose = whose
        self._path = path

    @classmethod
    def of(cls, value: object, whose: str, path: str) -> Record:
        if not isinstance(value, dict):
            raise InvalidInput(
                f"{whose}: {path or 'it'} must be an object with fields.",
                field=path or None,
            )
        return cls(cast("Mapping[str, object]", value), whose, path)

    def refusal(self, key: str, problem: str) -> InvalidInput:
        path = self._at(key)
        return InvalidInput(f"{self._whose}: {path} {problem}.", field=path)

    def has(self, key: str) -> bool:
        return self._values.get(key) is not None

    def record(self, key: str) -> Record:
        self.need(key)
        return Record.of(self._values[key], self._whose, self._at(key))

    def optional(self, key: str) -> Record | None:
        return self.record(key) if self.has(key) else None

    def records(self, key: str) -> tuple[Record, ...]:
        return tuple(
            Record.of(value, self._whose, f"{self._at(key)}[{index}]")
            for index, value in enumerate(self.values(key))
        )

    def short_text(self, key: str, default: str | None = None) -> str:
        """Return one clean line; without a default it must not be empty."""
        return self._text(key, default, length_max=TEXT_MAX, multiline=False)

    def long_text(self, key: str, default: str | None = None) -> str:
        return self._text(key, default, length_max=NOTES_MAX, multiline=True)

    def long_texts(self, key: str) -> tuple[str, ...]:
        texts = {str(i): text for i, text in enumerate(self.values(key))}
        record = Record(texts, self._whose, self._at(key))
        return tuple(record.long_text(index, "") for index in texts)

    def choice(self, key: str, choices: tuple[str, ...], default: str) -> str:
        value = self.short_text(key, default)
        if value not in choices:
            raise self.refusal(key, f"must be {' or '.join(choices)}")
        return value

    def flag(self, key: str) -> bool:
        value = self._values.get(key, False)
        if not isinstance(value, bool):
            raise self.refusal(key, "must be true or false")
        return value

    def whole(self, key: str) -> int:
        self.need(key)
        value = self._values[key]
        if type(value) is not int or abs(value) > 10**9:
            raise self.refusal(key, "must be a whole number")
        return value

    def day(self, key: str) -> date:
        try:
            return parse_date(self.short_text(key))
        except InvalidInput as error:
            raise self.refusal(key, "must be a date like 2026-03-31") from error

    def optional_day(self, key: str) -> date | None:
        return self.day(key) if self.has(key) else None

    def factor(self, key: str) -> Decimal:
        value = self._decimal(key)
        numerator, denominator = value.as_integer_ratio()
        if numerator * 10**FACTOR_DECIMALS_MAX % denominator:
            raise self.refusal(key, "must have eight decimals at most")
        if abs(value) >= 10**FACTOR_DIGITS_MAX:
            raise self.refusal(key, "is too large")
        return value

    def optional_factor(self, key: str) -> Decimal | None:
        return self.factor(key) if self.has(key) else None

    def amount(self, key: str, currency: str) -> Money:
        """Return an amount exactly as written."""
        value = self._decimal(key)
        numerator, denominator = value.as_integer_ratio()
        if numerator * 10 ** exponent(currency) % denominator:
            raise self.refusal(key, f"has more decimals than {currency} has")
        return self._rounded(key, value, currency)

    def optional_amount(self, key: str, currency: str) -> Money | None:
        return self.amount(key, currency) if self.has(key) else None

    def optional_rounded(self, key: str, currency: str) -> Money | None:
        """Return an agreed amount, which the model rounds like a computed one."""
        if not self.has(key):
            return None
        return self._rounded(key, self._decimal(key), currency)

    def _rounded(self, key: str, value: Decimal, currency: str) -> Money:
        try:
            return priced(Decimal(1), value, currency)
        except AmountTooLarge as error:
            raise self.refusal(key, "is too large") from error

    def _decimal(self, key: str) -> Decimal:
        self.need(key)
        value = self._values[key]
        if type(value) is int:
            value = str(value)
        if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
            raise self.refusal(key, 'must be a number written as text, like "12.50"')
        return Decimal(value)

    def _text(
        self, key: str, default: str | None, *, length_max: int, multiline: bool
    ) -> str:
        if default is None:
            self.need(key)
        value = self._values.get(key)
        if value is None:
            value = default
        if not isinstance(value, str):
            raise self.refusal(key, "must be text")
        try:
            text = clean_text(value, length_max=length_max, multiline=multiline)
        except InvalidInput as error:
            raise self.refusal(
                key, f"must have {length_max:,} characters at most"
            ) from error
        if not text and default is None:
            raise self.refusal(key, "must not be empty")
        return text

    def values(self, key: str) -> list[object]:
        value = self._values.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.refusal(key, "must be a list")
        return cast("list[object]", value)

    def need(self, key: str) -> None:
        if not self.has(key):
            raise self.refusal(key, "is missing")

    def _at(self, key: str) -> str:
        if not self._path:
            return key
        return f"{self._path}[{key}]" if key.isdigit() else f"{self._path}.{key}"
