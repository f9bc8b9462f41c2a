"""Find the workspace a command works in, or open the first one."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from billing_app.database.authentication import list_system_actors
from billing_app.database.passwords import hash_password
from billing_app.domain.actors import SystemActor
from billing_app.domain.errors import InvalidInput
from billing_app.runtime import Runtime
from billing_app.services.workspaces import (
    FOUNDER,
    NO_TAX,
    NewTax,
    NewWorkspace,
    create_workspace,
    slug_of,
)


@dataclass(frozen=True, slots=True)
class OpenedWorkspace:
    """Where a command works.

    Attributes:
        sentence: says which one, and how to sign in when it is new.
    """

    actor: SystemActor
    sentence: str


def open_workspace(
    runtime: Runtime,
    job: str,
    *,
    name: str,
    currency: str,
    slug: str = "",
    taxes: tuple[NewTax, ...] = (NO_TAX,),
) -> OpenedWorkspace:
    """Return the workspace of that slug, or the first; open one where none is.

    The name, currency and taxes are those of a new one.

    Raises:
        InvalidInput: there are workspaces, but none of that slug.
    """
    slugs: list[str] = []
    for actor in list_system_actors(runtime.engine, job):
        with runtime.reading(actor) as uow:
            workspace = uow.workspace
        if slug in ("", workspace.slug):
            return OpenedWorkspace(actor, f"Workspace: {workspace.name}")
        slugs.append(workspace.slug)
    if slugs:
        raise InvalidInput(f"There is no workspace {slug}, only {', '.join(slugs)}.")
    return _found(runtime, job, name, currency, taxes)


def _found(
    runtime: Runtime, job: str, name: str, currency: str, taxes: tuple[NewTax, ...]
) -> OpenedWorkspace:
    password = secrets.token_urlsafe(12)
    email = f"owner@{slug_of(name)}.example"
    new = NewWorkspace(
        name=name,
        currency=currency,
        zone="UTC",
        email=email,
        owner_name="Owner",
        password_hash=hash_password(password),
        taxes=taxes,
    )
    founded = runtime.run(FOUNDER, create_workspace, new)
    return OpenedWorkspace(
        SystemActor(founded.workspace_id, job),
        f"Opened the workspace {name}: sign in as {email}, {password}",
    )
