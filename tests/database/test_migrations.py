"""The migrations make exactly the models' tables, there and back, on both databases."""

import pytest
from sqlalchemy import inspect

from billing_app.database import migrations
from billing_app.database.engine import open_engine
from tests.support.postgres import running_postgres


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request, tmp_path, tmp_path_factory):
    if request.param == "sqlite":
        yield open_engine(f"sqlite:///{tmp_path / 'test.db'}")
        return
    with running_postgres(tmp_path_factory.mktemp("postgres")) as url:
        engine = open_engine(url)
        yield engine
        engine.dispose()


def test_up_down_and_up_again(engine):
    migrations.upgrade(engine)
    assert migrations.is_at_head(engine)
    migrations.check(engine)

    migrations.downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}

    migrations.upgrade(engine)
    assert migrations.is_at_head(engine)
