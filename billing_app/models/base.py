"""Column types and the two facts every row can have: a workspace, a customer."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    DateTime,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import declared_attr
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeEngine
from sqlmodel import Field, SQLModel, col

# Batch migrations on SQLite find constraints by name.
SQLModel.metadata.naming_convention = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
).naming_convention

# SQLite gives row ids only to a column declared INTEGER.
RowId = BigInteger().with_variant(Integer, "sqlite")


def later_text(length_max: int) -> Any:
    """Return a text column that was added to rows which had none."""
    return Field(
        default="", max_length=length_max, sa_column_kwargs={"server_default": ""}
    )


def sort_key(length_max: int) -> TypeEngine[str]:
    """A text that sorts by code point everywhere, so that ranges find prefixes."""
    plain = String(length_max)
    return plain.with_variant(String(length_max, collation="C"), "postgresql")


class UtcInstant(TypeDecorator[datetime]):
    """An aware UTC instant, on SQLite too, which would forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        if value is None:
            return None
        assert value.tzinfo is not None, "a stored instant has a zone"
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value


class ExactDecimal(TypeDecorator[Decimal]):
    """A factor (price, quantity, rate) as a whole number of 10^-8.

    Real prices carry up to eight decimals; an integer sorts, sums and compares
    the same on SQLite and PostgreSQL.
    """

    impl = BigInteger
    cache_ok = True
    SCALE = Decimal(10) ** 8

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        scaled = value * self.SCALE
        assert scaled == scaled.to_integral_value(), "more than eight decimals"
        return int(scaled)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        if value is None:
            return None
        return (Decimal(value) / self.SCALE).normalize() + 0


class Stored(SQLModel):
    """A table, named by its class: LineItem is kept in line_item."""

    @declared_attr.directive
    def __tablename__(cls) -> str:  # type: ignore[override]
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


class WorkspaceOwned(Stored):
    """A row of exactly one workspace. `database/scope.py` limits every read to it."""

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    workspace_id: int = Field(
        default=0, foreign_key="workspace.id", index=False, sa_type=BigInteger
    )


class CustomerVisible(WorkspaceOwned):
    """A row that its customer may see, when `shown_to_customer` says so.

    Tables that do not inherit this do not exist for portal visitors.

    Attributes:
        INVOICE_COLUMN: what an invoice link is narrowed by; empty where the row
            is only reached by joining one that is.
    """

    INVOICE_COLUMN: ClassVar[str] = "invoice_id"

    customer_id: int = Field(sa_type=BigInteger)

    @classmethod
    def shown_to_customer(cls) -> ColumnElement[bool]:
        raise NotImplementedError


class Printed(CustomerVisible):
    """A document as it was printed, frozen: its text as JSON, and its PDF by digest.

    `content` is one of `domain.document` in canonical JSON and never changes; the
    database refuses it. `pdf_digest` is empty until the PDF is rendered.
    """

    content: str = Field(sa_type=Text)
    content_digest: str = Field(max_length=64, index=True)
    pdf_digest: str = Field(default="", max_length=64, index=True)
    pdf_error: str = Field(default="", max_length=300)
    page_count: int = Field(default=0)
    issued_at: datetime = Field(sa_type=UtcInstant)
    shown_at: datetime | None = Field(default=None, sa_type=UtcInstant)

    @classmethod
    def shown_to_customer(cls) -> ColumnElement[bool]:
        return col(cls.shown_at).is_not(None)
