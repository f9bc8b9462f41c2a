"""What a unit of work gives back of what it writes."""

import pytest
from sqlmodel import col, select

from billing_app.domain.errors import NotFound
from billing_app.models import AuditEntry, CreditNote, InboundEvent, PortalSession


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


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (CreditNote, "credit note"),
        (InboundEvent, "webhook"),
        (PortalSession, "session"),
    ],
)
def test_what_is_missing_is_named_in_plain_words(world, table, words):
    with (
        world.reading(world.northwind.system) as uow,
        pytest.raises(NotFound, match=f"^That {words} does not exist[.]$"),
    ):
        uow.get(table, 900_001)
