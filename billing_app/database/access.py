"""Say who may call a service or query. One that does not say fails the build."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import (
    Actor,
    Permission,
    PortalVisitor,
    StaffActor,
    SystemActor,
)
from billing_app.domain.errors import NotPermitted

P = ParamSpec("P")
R = TypeVar("R")
Work = Callable[Concatenate[UnitOfWork, P], R]


def staff(permission: Permission) -> Callable[[Work[P, R]], Work[P, R]]:
    """Allow a member whose role holds the permission."""

    def allowed(actor: Actor) -> bool:
        return isinstance(actor, StaffActor) and actor.may(permission)

    return _declare(f"staff:{permission}", allowed)


def staff_or_job(permission: Permission) -> Callable[[Work[P, R]], Work[P, R]]:
    """Allow a member with the permission, or a job of ours."""

    def allowed(actor: Actor) -> bool:
        return isinstance(actor, SystemActor) or (
            isinstance(actor, StaffActor) and actor.may(permission)
        )

    return _declare(f"staff:{permission} or job", allowed)


def visitor(work: Work[P, R]) -> Work[P, R]:
    """Allow the holder of a live portal link, and a staff preview of it."""
    return _declare("portal", lambda actor: isinstance(actor, PortalVisitor))(work)


def acting_visitor(work: Work[P, R]) -> Work[P, R]:
    """Allow the holder of a live portal link, but not a staff preview."""
    return _declare(
        "portal, no preview",
        lambda actor: isinstance(actor, PortalVisitor) and not actor.is_preview,
    )(work)


def exporting_visitor(work: Work[P, R]) -> Work[P, R]:
    """Allow the holder of a live portal link, and a preview by who may export."""
    return _declare(
        f"portal, preview with {Permission.EXPORT}",
        lambda actor: isinstance(actor, PortalVisitor) and actor.may_export,
    )(work)


def job(work: Work[P, R]) -> Work[P, R]:
    """Allow a job of ours only."""
    return _declare("job", lambda actor: isinstance(actor, SystemActor))(work)


def anyone(work: Work[P, R]) -> Work[P, R]:
    """Allow everybody. For what has to work before anyone is known."""
    return _declare("anyone", lambda actor: True)(work)


def inner(work: Work[P, R]) -> Work[P, R]:
    """Mark what only other services call, inside a transaction already allowed.

    The doors may not name it: tests/architecture holds that.
    """
    marked: Any = work
    marked.access = "inner"
    return work


def _declare(
    access: str, allowed: Callable[[Actor], bool]
) -> Callable[[Work[P, R]], Work[P, R]]:
    def guard(work: Work[P, R]) -> Work[P, R]:
        @functools.wraps(work)
        def guarded(uow: UnitOfWork, *args: P.args, **kwargs: P.kwargs) -> R:
            if not allowed(uow.actor):
                raise NotPermitted("Your role doesn't allow this.")
            return work(uow, *args, **kwargs)

        marked: Any = guarded
        marked.access = access
        # A query never takes SQLite's write lock: see `Runtime.run`.
        marked.reads = work.__module__.startswith("billing_app.queries")
        return guarded

    return guard
