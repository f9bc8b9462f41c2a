"""What a unit of work gives back of what it writes."""

from sqlmodel import col, select

from billing_app.models import AuditEntry


def test_each_of_many_rows_finds_its_id(world):
    events = [f"event {number}" for number in (3, 1, 2)]
    with world.unit(world.northwind.owner) as uow:
        entry = {"actor": "", "actor_name": "", "details": {}, "at": uow.now}

        ids = uow.insert_all(
            AuditEntry, [{**entry, "event": event} for event in events], key=("event",)
        )

        for event, row_id in zip(events, ids, strict=True):
            of_id = select(col(AuditEntry.event)).where(col(AuditEntry.id) == row_id)
            assert uow.one(of_id) == event


def test_nothing_to_insert_gives_no_ids(world):
    with world.unit(world.northwind.owner) as uow:
        assert uow.insert_all(AuditEntry, [], key=("event",)) == []
