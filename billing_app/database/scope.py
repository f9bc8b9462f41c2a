"""Limit a session to one actor's rows, whatever it is asked.

Every ORM select, update and delete passes `do_orm_execute`, where SQLAlchemy adds
our criteria to each table it mentions: whole rows, single columns, counts, joins,
aliases and subqueries alike. Raw SQL does not pass, so only this folder may write
it (tests/architecture/test_floors.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from sqlalchemy import Table, event, false
from sqlalchemy.orm import LoaderCriteriaOption, ORMExecuteState, with_loader_criteria
from sqlalchemy.sql.visitors import iterate
from sqlmodel import Session, SQLModel

from billing_app.domain.actors import Actor, PortalVisitor
from billing_app.models import CustomerVisible, WorkspaceOwned


def limit_session(session: Session, actor: Actor) -> None:
    """Make other workspaces, and other customers, not exist for this session."""

    @event.listens_for(session, "do_orm_execute")
    def limit(state: ORMExecuteState) -> None:
        # Who gives values beside a statement keeps it: see `limited_once`.
        is_kept = bool(state.parameters) and not isinstance(actor, PortalVisitor)
        state.statement = (limited_once if is_kept else limited)(state.statement, actor)

    @event.listens_for(session, "before_flush")
    def refuse_foreign_rows(session: Session, *_: object) -> None:
        for row in session.new | session.dirty:
            if isinstance(row, WorkspaceOwned):
                assert row.workspace_id == actor.workspace_id, "another workspace's row"


def limited(statement: Any, actor: Actor) -> Any:
    """Return the statement with the limit of each table that it mentions."""
    limits = limits_for(actor)
    mentioned = {x for x in iterate(statement) if isinstance(x, Table)}
    return statement.options(*(limits[x] for x in mentioned if x in limits))


# For statements that are made once and run often. Finding their tables, and
# SQLAlchemy's own name for the compiled statement, cost more than running them.
# Visitors are left out: there are too many, and each would be limited anew.
limited_once = lru_cache(maxsize=1024)(limited)


@lru_cache(maxsize=512)
def limits_for(actor: Actor) -> dict[Table, LoaderCriteriaOption]:
    """Return what each table is limited by, for this actor."""
    return {
        table.__table__: limit_on(table, actor)  # type: ignore[attr-defined]
        for table in tables_below(WorkspaceOwned)
    }


def limit_on(table: type[WorkspaceOwned], actor: Actor) -> LoaderCriteriaOption:
    """Staff and jobs see the workspace; a visitor sees what is shown to them.

    The criteria are lambdas so that each alias of a table is limited by its own
    columns. They may close over plain values only: SQLAlchemy caches their SQL.
    """
    workspace_id = actor.workspace_id
    if not isinstance(actor, PortalVisitor):
        return _limit(table, lambda row: row.workspace_id == workspace_id)
    if not issubclass(table, CustomerVisible):
        return _limit(table, false())

    customer_id, invoice_id = actor.customer_id, actor.invoice_id
    if invoice_id is None or not table.INVOICE_COLUMN:
        return _limit(
            table,
            lambda row: (
                (row.workspace_id == workspace_id)
                & (row.customer_id == customer_id)
                & row.shown_to_customer()
            ),
        )
    if table.INVOICE_COLUMN == "id":
        return _limit(
            table,
            lambda row: (
                (row.workspace_id == workspace_id)
                & (row.customer_id == customer_id)
                & (row.id == invoice_id)
                & row.shown_to_customer()
            ),
        )
    return _limit(
        table,
        lambda row: (
            (row.workspace_id == workspace_id)
            & (row.customer_id == customer_id)
            & (row.invoice_id == invoice_id)
            & row.shown_to_customer()
        ),
    )


def _limit(
    table: type[WorkspaceOwned], criteria: Callable[[Any], Any] | Any
) -> LoaderCriteriaOption:
    return with_loader_criteria(table, criteria, include_aliases=True)


def tables_below(owner: type[SQLModel]) -> Iterator[type[Any]]:
    """Yield every table class that inherits from `owner`."""
    for child in owner.__subclasses__():
        if hasattr(child, "__table__"):
            yield child
        yield from tables_below(child)
