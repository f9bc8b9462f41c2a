"""tallyport migrate: bring the database to this version."""

from __future__ import annotations

import argparse

from billing_app.database import schema
from billing_app.settings import Settings, load_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser  # It needs none.


def run(_: argparse.Namespace) -> int:
    migrate(load_settings())
    print("The database is up to date.")
    return 0


def migrate(settings: Settings) -> None:
    """Make the data directory and run the migrations it lacks.

    Raises:
        DatabaseSilent: it cannot be reached.
    """
    if schema.is_file_current(settings.database_url):
        return
    from billing_app.database import migrations
    from billing_app.database.engine import open_engine, require_answer

    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = open_engine(settings.database_url)
    require_answer(engine)
    if not migrations.is_at_head(engine):
        migrations.upgrade(engine)
    engine.dispose()
