"""tallyport backup: write everything of an installation into one archive."""

from __future__ import annotations

import argparse
import os
import tarfile
import tempfile
from pathlib import Path

from billing_app.commands._installed import load_installed
from billing_app.database.backup import copy_sqlite, database_file
from billing_app.domain.errors import Conflict
from billing_app.settings import Settings

_DATABASE, _KEY_FILE = "tallyport.db", "secret.key"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="archive to write, such as b.tar.gz")


def run(arguments: argparse.Namespace) -> int:
    settings = load_installed()
    held = write_backup(settings, arguments.file)
    print(f"Written to {arguments.file}.")
    if _KEY_FILE in held:
        print("It holds the secret key: keep it as safe as the data.")
    else:
        print("SECRET_KEY is not in it: keep that too, or stored keys can't be read.")
    if _DATABASE not in held:
        print("The database is not in it: use pg_dump.")
    return 0


def write_backup(settings: Settings, target: Path) -> set[str]:
    """Write the archive; it is complete, or not there.

    The database goes first: the files it names are stored before it names them,
    and never change.

    Returns:
        What it holds: the database, the key, the folder of files.

    Raises:
        Conflict: the file exists already.
    """
    if target.exists():
        raise Conflict(f"{target} exists already; choose another name.")
    unfinished = target.with_name(f"{target.name}.unfinished")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with (
            os.fdopen(descriptor, "wb") as file,
            tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive,
        ):
            _add_database(archive, settings)
            _add_files(archive, settings)
            held = {name for name in archive.getnames() if "/" not in name}
        unfinished.rename(target)
        return held
    finally:
        unfinished.unlink(missing_ok=True)


def _add_database(archive: tarfile.TarFile, settings: Settings) -> None:
    source = database_file(settings.database_url)
    if source is None:
        return
    with tempfile.TemporaryDirectory(dir=settings.data_dir) as folder:
        copy = Path(folder) / "copy.db"
        copy_sqlite(source, copy)
        archive.add(copy, _DATABASE)


def _add_files(archive: tarfile.TarFile, settings: Settings) -> None:
    for name in (_KEY_FILE, "files"):
        path = settings.data_dir / name
        if path.exists():
            archive.add(path, name)
