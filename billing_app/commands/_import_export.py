"""The part of tallyport import that reads an export of a whole workspace."""

from __future__ import annotations

import argparse
import secrets

from billing_app.commands._import_csv import JOB, open_here
from billing_app.database.authentication import list_system_actors
from billing_app.database.passwords import hash_password
from billing_app.domain.actors import SystemActor
from billing_app.domain.errors import InvalidInput, NotFound
from billing_app.domain.workspace_export import Manifest
from billing_app.runtime import Runtime
from billing_app.services.workspaces import NewWorkspace, slug_of
from billing_app.workflows.workspace_import import (
    read_export,
    read_into_new,
    read_manifest,
)

_STEP = 20_000


def run(arguments: argparse.Namespace) -> int:
    """Read an export into the empty workspace that was named, or into a new one."""
    if arguments.dry_run or arguments.json or arguments.again:
        raise InvalidInput("An export is read in as a whole; it takes no such option.")
    manifest = read_manifest(arguments.file)
    runtime = open_here(arguments.data)
    try:
        if arguments.workspace:
            actor = _find(runtime, arguments.workspace)
            read_export(runtime, actor, arguments.file, _tell)
            sentence = f"Read in as {arguments.workspace}."
        else:
            sentence = _found(runtime, arguments, manifest)
    finally:
        runtime.engine.dispose()
    print(
        f"{manifest.workspace.name}: {manifest.rows_of('customer'):,} customers, "
        f"{manifest.rows_of('invoice'):,} invoices, "
        f"{manifest.rows_of('payment'):,} payments."
    )
    print(sentence)
    print("Nobody was mailed. What to do next: docs/leave.md.")
    return 0


def _found(runtime: Runtime, arguments: argparse.Namespace, manifest: Manifest) -> str:
    facts, password = manifest.workspace, secrets.token_urlsafe(12)
    email = f"owner-{secrets.token_hex(3)}@{slug_of(facts.name)}.example"
    new = NewWorkspace(
        name=facts.name,
        currency=facts.currency,
        zone=facts.zone,
        email=email,
        owner_name="Owner",
        password_hash=hash_password(password),
    )
    read_into_new(runtime, arguments.file, new, _tell)
    return f"Opened the workspace {facts.name}: sign in as {email}, {password}"


def _find(runtime: Runtime, slug: str) -> SystemActor:
    for actor in list_system_actors(runtime.engine, JOB):
        with runtime.reading(actor) as uow:
            if uow.workspace.slug == slug:
                return actor
    raise NotFound(f"There is no workspace {slug} here.")


def _tell(done: int, whole: int) -> None:
    if done // _STEP != (done - 500) // _STEP:
        print(f"{done:,} of {whole:,} …", flush=True)
