"""Limit a session to one actor's rows, whatever it is asked.

Every ORM select, update and delete passes `do_orm_execute`, where SQLAlchemy adds
our criteria to each table it mentions: whole rows, single columns, counts, joins,
aliases and subqueries alike. Raw SQL does not pass, so only this folder may write
it (tests/architecture/test_floors.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import BigInteger, Select, Table, bindparam, event, false
from sqlalchemy.orm import LoaderCriteriaOption, ORMExecuteState, with_loader_criteria
from sqlalchemy.sql.visitors import iterate
from sqlmodel import Session, SQLModel

from billing_app.domain.actors import Actor, PortalVisitor
from billing_app.models import CustomerVisible, WorkspaceOwned


class Reach(Enum):
    """How far an actor sees: a workspace, one customer's part, or one invoice's."""

    WORKSPACE = "workspace"
    CUSTOMER = "customer"
    INVOICE = "invoice"


# Where a session keeps whose it is.
_ACTOR = "actor"


def limit_session(session: Session, actor: Actor) -> None:
    """Make other workspaces, and other customers, not exist for this session."""
    assert _ACTOR not in session.info, "a session is one actor's for good"
    session.info[_ACTOR] = actor


# Told of by the class: to listen to each session anew costs as much as a statement.
@event.listens_for(Session, "do_orm_execute")
def _limit(state: ORMExecuteState) -> None:
    actor = state.session.info.get(_ACTOR)
    if actor is None:
        return
    if state.is_select and isinstance(state.parameters, dict) and state.parameters:
        # Who gives values beside a statement keeps it.
        state.statement, state.parameters = limited_kept(
            state.statement, state.parameters, actor
        )
    else:
        state.statement = limited(state.statement, limits_for(actor))


@event.listens_for(Session, "before_flush")
def _refuse_foreign_rows(session: Session, *_: object) -> None:
    actor = session.info.get(_ACTOR)
    if actor is None:
        return
    for row in session.new | session.dirty:
        if isinstance(row, WorkspaceOwned):
            assert row.workspace_id == actor.workspace_id, "another workspace's row"


def limited(statement: Any, limits: dict[Table, LoaderCriteriaOption]) -> Any:
    """Return the statement with the limit of each table that it mentions."""
    mentioned = {x for x in iterate(statement) if isinstance(x, Table)}
    return statement.options(*(limits[x] for x in mentioned if x in limits))


def limited_kept(
    statement: Any, values: Mapping[str, Any], actor: Actor
) -> tuple[Any, dict[str, Any]]:
    """Return a statement that is kept with its limits, and values with the actor's.

    The actor's own go last, so that nobody can name them.
    """
    kept = limited_once(statement, _reach_of(actor))
    return kept, {**values, **_ids_of(actor)}


@lru_cache(maxsize=1024)
def limited_once(statement: Any, reach: Reach) -> Any:
    """Return the statement with limits that name the actor's ids, for any actor.

    For statements that are made once and run often. Finding their tables, and
    SQLAlchemy's own name for the compiled statement, cost more than running them.
    A statement that is run without the ids fails.
    """
    return limited(statement, named_limits_for(reach))


@lru_cache(maxsize=1024)
def gives_columns(statement: Any) -> bool:
    """Tell whether a select gives plain columns, and no whole rows."""
    return isinstance(statement, Select) and all(
        each["expr"] is not each["entity"] for each in statement.column_descriptions
    )


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
        return _criteria(table, lambda row: row.workspace_id == workspace_id)
    if not issubclass(table, CustomerVisible):
        return _criteria(table, false())

    customer_id, invoice_id = actor.customer_id, actor.invoice_id
    if invoice_id is None or not table.INVOICE_COLUMN:
        return _criteria(
            table,
            lambda row: (
                (row.workspace_id == workspace_id)
                & (row.customer_id == customer_id)
                & row.shown_to_customer()
            ),
        )
    if table.INVOICE_COLUMN == "id":
        return _criteria(
            table,
            lambda row: (
                (row.workspace_id == workspace_id)
                & (row.customer_id == customer_id)
                & (row.id == invoice_id)
                & row.shown_to_customer()
            ),
        )
    return _criteria(
        table,
        lambda row: (
            (row.workspace_id == workspace_id)
            & (row.customer_id == customer_id)
            & (row.invoice_id == invoice_id)
            & row.shown_to_customer()
        ),
    )


@cache
def named_limits_for(reach: Reach) -> dict[Table, LoaderCriteriaOption]:
    """Return what each table is limited by, for whoever sees that far."""
    return {
        table.__table__: named_limit_on(table, reach)  # type: ignore[attr-defined]
        for table in tables_below(WorkspaceOwned)
    }


# No value: SQLAlchemy refuses a statement that is run without one.
_WORKSPACE_ID = bindparam("actor_workspace_id", type_=BigInteger)
_CUSTOMER_ID = bindparam("actor_customer_id", type_=BigInteger)
_INVOICE_ID = bindparam("actor_invoice_id", type_=BigInteger)


def named_limit_on(table: type[WorkspaceOwned], reach: Reach) -> LoaderCriteriaOption:
    """Limit as `limit_on` does, with names that stand for the actor's ids.

    Lambdas of their own: SQLAlchemy decides once for each whether it closes over
    values or over parameters.
    """
    if reach == Reach.WORKSPACE:
        return _criteria(table, lambda row: row.workspace_id == _WORKSPACE_ID)
    if not issubclass(table, CustomerVisible):
        return _criteria(table, false())

    if reach == Reach.CUSTOMER or not table.INVOICE_COLUMN:
        return _criteria(
            table,
            lambda row: (
                (row.workspace_id == _WORKSPACE_ID)
                & (row.customer_id == _CUSTOMER_ID)
                & row.shown_to_customer()
            ),
        )
    if table.INVOICE_COLUMN == "id":
        return _criteria(
            table,
            lambda row: (
                (row.workspace_id == _WORKSPACE_ID)
                & (row.customer_id == _CUSTOMER_ID)
                & (row.id == _INVOICE_ID)
                & row.shown_to_customer()
            ),
        )
    return _criteria(
        table,
        lambda row: (
            (row.workspace_id == _WORKSPACE_ID)
            & (row.customer_id == _CUSTOMER_ID)
            & (row.invoice_id == _INVOICE_ID)
            & row.shown_to_customer()
        ),
    )


def _reach_of(actor: Actor) -> Reach:
    if not isinstance(actor, PortalVisitor):
        return Reach.WORKSPACE
    return Reach.CUSTOMER if actor.invoice_id is None else Reach.INVOICE


@lru_cache(maxsize=512)
def _ids_of(actor: Actor) -> Mapping[str, int | None]:
    ids: dict[str, int | None] = {"actor_workspace_id": actor.workspace_id}
    if isinstance(actor, PortalVisitor):
        ids["actor_customer_id"] = actor.customer_id
        ids["actor_invoice_id"] = actor.invoice_id
    return ids


def _criteria(
    table: type[WorkspaceOwned], criteria: Callable[[Any], Any] | Any
) -> LoaderCriteriaOption:
    return with_loader_criteria(table, criteria, include_aliases=True)


def tables_below(owner: type[SQLModel]) -> Iterator[type[Any]]:
    """Yield every table class that inherits from `owner`."""
    for child in owner.__subclasses__():
        if hasattr(child, "__table__"):
            yield child
        yield from tables_below(child)
