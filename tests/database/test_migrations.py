"""The migrations make exactly the models' tables, there and back, on both databases."""

import pytest
from sqlalchemy import inspect, update
from sqlalchemy.exc import IntegrityError

from billing_app.database import migrations
from billing_app.database.engine import open_engine
from billing_app.models import BillableEvent, Invoice
from tests.support.billing import (
    a_customer,
    all_rows,
    an_event,
    an_invoice,
    an_invoice_of_events,
)
from tests.support.postgres import running_postgres
from tests.support.world import make_template, open_world_at


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def engine(request, tmp_path, tmp_path_factory):
    if request.param == "sqlite":
        yield open_engine(f"sqlite:///{tmp_path / 'test.db'}")
        return
    with running_postgres(tmp_path_factory.mktemp("postgres")) as url:
        engine = open_engine(url)
        yield engine
        engine.dispose()


def test_a_billed_event_is_kept_through_0004(engine, tmp_path):
    url = engine.url.render_as_string(hide_password=False)
    make_template(tmp_path, url)
    world = open_world_at(url, tmp_path)
    customer_id = a_customer(world, world.northwind)
    event = an_event(customer_id, "a", world.clock.now)
    an_invoice_of_events(world, world.northwind, event)
    before = all_rows(world, world.northwind, BillableEvent)

    migrations.downgrade(engine, "0003")
    migrations.upgrade(engine)

    (after,) = all_rows(world, world.northwind, BillableEvent)
    assert after.model_dump(exclude={"line_key"}) == before[0].model_dump(
        exclude={"line_key"}
    )
    with (
        pytest.raises(IntegrityError, match="never changes"),
        world.unit(world.northwind.system) as uow,
    ):
        uow.execute(update(BillableEvent).values(rate=1))
    world.runtime.engine.dispose()


def test_issued_invoices_are_kept_through_payment_references(engine, tmp_path):
    url = engine.url.render_as_string(hide_password=False)
    make_template(tmp_path, url)
    world = open_world_at(url, tmp_path)
    invoice_id = an_invoice(world, world.northwind)
    (before,) = all_rows(world, world.northwind, Invoice)

    migrations.downgrade(engine, "0006")
    migrations.upgrade(engine)

    (after,) = all_rows(world, world.northwind, Invoice)
    assert (after.id, after.payment_reference) == (invoice_id, None)
    assert after.model_dump() == before.model_dump()
    for changed in ({"number": "X"}, {"payment_reference": "X"}):
        with (
            pytest.raises(IntegrityError, match="never changes"),
            world.unit(world.northwind.system) as uow,
        ):
            uow.execute(update(Invoice).values(**changed))
    world.runtime.engine.dispose()


def test_up_down_and_up_again(engine):
    migrations.upgrade(engine)
    assert migrations.is_at_head(engine)
    migrations.check(engine)

    migrations.downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}

    migrations.upgrade(engine)
    assert migrations.is_at_head(engine)
