"""tallyport export: write all of a workspace into one zip file."""

from __future__ import annotations

import argparse
from pathlib import Path

from billing_app.commands._import_csv import choose_folder, open_here
from billing_app.commands._installed import load_installed
from billing_app.database.authentication import list_system_actors
from billing_app.domain.actors import SystemActor
from billing_app.domain.errors import InvalidInput, NotFound
from billing_app.runtime import Runtime
from billing_app.workflows.workspace_export import write_export

_STEP = 20_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="file to write, such as acme.zip")
    parser.add_argument("--workspace", default="", help="slug; needed beside others")
    parser.add_argument("--data", type=Path, help="data folder; sets DATA_DIR")


def run(arguments: argparse.Namespace) -> int:
    choose_folder(arguments.data)
    load_installed()
    runtime = open_here(None)
    try:
        actor = find_workspace(runtime, arguments.workspace)
        manifest = write_export(runtime, actor, arguments.file, _tell)
    except OSError as error:
        reason = error.strerror
        raise InvalidInput(f"{arguments.file} can't be written: {reason}.") from error
    finally:
        runtime.engine.dispose()
    print(
        f"{manifest.workspace.name}: {manifest.rows_of('invoice'):,} invoices and "
        f"{manifest.documents:,} documents are in {arguments.file}."
    )
    print(f"Its audit trail ends with the seal {manifest.last_seal}.")
    print("Keys, passwords and secret links are not in it: see docs/leave.md.")
    return 0


def find_workspace(runtime: Runtime, slug: str) -> SystemActor:
    """Return who works in the workspace of that slug, or in the only one.

    Raises:
        NotFound: there is none, or there are several and none was named.
    """
    found: dict[str, SystemActor] = {}
    for actor in list_system_actors(runtime.engine, "export"):
        with runtime.reading(actor) as uow:
            found[uow.workspace.slug] = actor
    if not found:
        raise NotFound("There is no workspace here yet.")
    if not slug and len(found) == 1:
        return next(iter(found.values()))
    if slug in found:
        return found[slug]
    raise NotFound(f"Say which with --workspace: {', '.join(sorted(found))}.")


def _tell(done: int, whole: int) -> None:
    if done % _STEP == 0:
        print(f"{done:,} of {whole:,} …", flush=True)
