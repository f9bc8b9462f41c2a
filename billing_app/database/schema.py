"""Tells which shape a database has, without Alembic, and a file without SQLAlchemy.

Importing those takes longer than all else that a start does before it serves.
"""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from urllib.parse import unquote

SCRIPTS = Path(__file__).parents[2] / "alembic"

VERSIONS = "select version_num from alembic_version"
_REVISION = re.compile(r'^(revision|down_revision) = "(\w+)"$', re.MULTILINE)
_FILE_URL = "sqlite:///"


@cache
def newest() -> frozenset[str]:
    """Return the migrations that no other one follows: one, unless two were merged."""
    made: set[str] = set()
    followed: set[str] = set()
    for file in (SCRIPTS / "versions").glob("*.py"):
        for name, revision in _REVISION.findall(file.read_text()):
            (made if name == "revision" else followed).add(revision)
    return frozenset(made - followed)


def is_file_current(database_url: str) -> bool:
    """Tell whether it is a file that surely has the newest shape."""
    if not database_url.startswith(_FILE_URL):
        return False
    file = Path(unquote(database_url.removeprefix(_FILE_URL))).absolute()
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as opened:
            found = opened.execute(VERSIONS).fetchall()
    except sqlite3.Error:
        return False
    return {version for (version,) in found} == newest()
