"""People who sign in, their place in workspaces, and their sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Text, UniqueConstraint
from sqlmodel import Field

from billing_app.models.base import RowId, Stored, UtcInstant, WorkspaceOwned


class Person(Stored, table=True):
    """A sign-in: one email address, in as many workspaces as there are members.

    `totp_last_step` is the last accepted time step, so that a code works once;
    `recovery_digests` are keyed digests of the single-use codes that are left.
    A password given by somebody else works until `initial_until` and has to be
    replaced at the first sign-in; an own one has no such date.
    """

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    email: str = Field(unique=True, max_length=254)
    name: str = Field(max_length=200)
    password_hash: str = Field(sa_type=Text)
    totp_secret_encrypted: str = Field(default="", sa_type=Text)
    totp_enabled_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    totp_last_step: int = Field(default=0, sa_type=BigInteger)
    recovery_digests: list[Any] = Field(default_factory=list, sa_type=JSON)
    initial_until: datetime | None = Field(default=None, sa_type=UtcInstant)
    created_at: datetime = Field(sa_type=UtcInstant)


class SignInFailure(Stored, table=True):
    """Failed tries under one key: an address, a network, or both.

    Kept for addresses that nobody has, too, so that both take the same way.
    `key_digest` is keyed: the table tells nobody who tried.
    """

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    key_digest: str = Field(unique=True, max_length=64)
    failed_count: int = Field(default=0)
    failed_at: datetime = Field(index=True, sa_type=UtcInstant)
    locked_until: datetime | None = Field(default=None, sa_type=UtcInstant)


class Member(WorkspaceOwned, table=True):
    """A person's place in one workspace."""

    __table_args__ = (
        UniqueConstraint("workspace_id", "person_id"),
        UniqueConstraint("workspace_id", "id"),
    )

    person_id: int = Field(foreign_key="person.id", index=True, sa_type=BigInteger)
    name: str = Field(max_length=200)
    email: str = Field(max_length=254)
    role: str = Field(max_length=20)
    removed_at: datetime | None = Field(default=None, sa_type=UtcInstant)
    created_at: datetime = Field(sa_type=UtcInstant)


class StaffSession(Stored, table=True):
    """A signed-in browser. The cookie's secret is stored as its SHA-256 only.

    `owes` is what is missing before it opens anything: code or password.
    """

    id: int | None = Field(default=None, primary_key=True, sa_type=RowId)
    person_id: int = Field(foreign_key="person.id", index=True, sa_type=BigInteger)
    member_id: int = Field(foreign_key="member.id", sa_type=BigInteger)
    token_digest: str = Field(unique=True, max_length=64)
    owes: str = Field(default="", max_length=10)
    agent: str = Field(default="", max_length=200)
    created_at: datetime = Field(sa_type=UtcInstant)
    seen_at: datetime = Field(sa_type=UtcInstant)
    ended_at: datetime | None = Field(default=None, sa_type=UtcInstant)
