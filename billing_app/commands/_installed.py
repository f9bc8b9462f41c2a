"""The settings of an installation that is there already."""

from __future__ import annotations

import os

from billing_app.database.backup import database_file
from billing_app.domain.errors import NotFound
from billing_app.settings import Settings, load_settings, read_settings


def load_installed() -> Settings:
    """Read the settings for a command that has nothing to do on an empty machine.

    Other commands make what is missing; here that would hide a mistyped folder.

    Raises:
        NotFound: there is no database where DATA_DIR says.
        UnsafeSettings: as `settings.load_settings`.
    """
    settings = read_settings(os.environ)
    if settings.has_known_database:
        file = database_file(settings.database_url)
        if not (file or settings.data_dir).exists():
            what = f"database at {file}" if file else f"folder {settings.data_dir}"
            raise NotFound(f"There is no {what}: is DATA_DIR the right one?")
    return load_settings()
