"""A world on SQLite and on PostgreSQL, for what real threads do to each other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from tests.support.postgres import running_postgres
from tests.support.till import counter, till
from tests.support.world import World, make_template, open_world, open_world_at

__all__ = ["counter", "till"]

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server whose database is the template of every world there."""
    with running_postgres(tmp_path_factory.mktemp("postgres")) as url:
        template = _create_database(url, "template_world")
        make_template(tmp_path_factory.mktemp("template"), template)
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def anywhere(
    request: pytest.FixtureRequest, world_template: Path, tmp_path: Path
) -> Iterator[World]:
    """The world of every test, on each database there is."""
    if request.param == "sqlite":
        opened = open_world(world_template, tmp_path / "data")
    else:
        url = request.getfixturevalue("postgres_url")
        name = f"world_{next(_numbers)}"
        database = _create_database(url, name, template="template_world")
        opened = open_world_at(database, tmp_path / "data")
    yield opened
    opened.runtime.engine.dispose()


def _create_database(url: str, name: str, template: str = "template1") -> str:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"create database {name} template {template}"))
    engine.dispose()
    return make_url(url).set(database=name).render_as_string(hide_password=False)
