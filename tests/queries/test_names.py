"""A name is found however it was typed, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, literal, select

from billing_app.database.engine import open_engine
from billing_app.domain.contact import name_key
from billing_app.queries.names import begins_with_name, holds_name
from tests.support.postgres import running_postgres


@pytest.fixture(
    scope="module",
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
)
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    folder: Path = tmp_path_factory.mktemp(request.param)
    if request.param == "sqlite":
        yield open_engine(f"sqlite:///{folder / 'names.db'}")
        return
    with running_postgres(folder) as url:
        yield open_engine(url)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Margaret O’Hara", "o'hara"),
        ("Margaret O'Hara", "O’Hara"),
        ("Zoë Papadopoulos", "zoe"),
        ("Zoe Papadopoulos", "Zoë"),
        ("Café Luz", "CAFE"),
        ("Café Luz", "Cafe\u0301"),
        ("Łódź Sp. z o.o.", "lodz"),
        ("Größe GmbH", "grosse"),
        ("100% Øl_", "100% ol_"),
        ("東都トレーディング", "東都"),
    ],
)
def test_is_found(engine: Engine, name: str, typed: str):
    key = literal(name_key(name))

    with engine.connect() as connection:
        assert connection.scalar(select(holds_name(key, typed)))
        begins = connection.scalar(select(begins_with_name(key, typed)))

    assert bool(begins) == (not name.startswith("Margaret"))


@pytest.mark.parametrize("typed", ["ohara", "o_hara", "%", "zoé x", "\\"])
def test_another_is_not(engine: Engine, typed: str):
    key = literal(name_key("Margaret O’Hara"))

    with engine.connect() as connection:
        assert not connection.scalar(select(holds_name(key, typed)))
