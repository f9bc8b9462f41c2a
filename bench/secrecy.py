"""Figures of what must take the same time, so that the time tells nothing."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count

from sqlmodel import col, select

from bench.figure import Measured, Reference, Row
from bench.ground import Ground
from billing_app.database.authentication import NO_COOKIES, open_portal
from billing_app.domain.errors import NotFound
from billing_app.domain.portal_place import Door, PortalPlace
from billing_app.models import Customer
from billing_app.services import portal_links
from billing_app.services.portal_sessions import CodePlace
from billing_app.workflows import portal_sign_in
from billing_app.workflows.sign_in import Browser

_TIMES = 60


def same_time(ground: Ground) -> Iterator[Row]:
    """Ask for codes and open dead links, the two kinds of each in turns."""
    with ground.runtime.reading(ground.system) as uow:
        known = uow.all(
            select(Customer.email).where(col(Customer.email) != "").limit(_TIMES)
        )
    unknown = [f"nobody{number}@bench.example" for number in range(len(known))]
    networks = count()

    def ask(addresses: Iterator[str]) -> None:
        # Each from a network of its own: nobody may ask often.
        browser = Browser(f"10.0.{next(networks)}.0/24", "bench")
        portal_sign_in.request_code(
            ground.runtime,
            ground.system.workspace_id,
            CodePlace(),
            next(addresses),
            browser,
        )

    known_waiting, unknown_waiting = iter(known), iter(unknown)
    yield from _side_by_side(
        "code request",
        ("unknown address", lambda: ask(unknown_waiting)),
        ("known address", lambda: ask(known_waiting)),
        len(known),
    )
    invoice_id, revoked = ground.an_open_invoice()
    ground.runtime.run(ground.owner, portal_links.revoke_links, invoice_id)
    yield from _side_by_side(
        "failed link",
        ("never was one", lambda: _open(ground, f"{'x' * 42}y")),
        ("was revoked", lambda: _open(ground, revoked)),
        _TIMES,
    )


def _open(ground: Ground, token: str) -> None:
    place = PortalPlace(Door.INVOICE_LINK, token, is_account=False)
    with suppress(NotFound):
        open_portal(ground.runtime.engine, place, NO_COOKIES, ground.runtime.now())


def _side_by_side(
    name: str,
    one: tuple[str, Callable[[], None]],
    other: tuple[str, Callable[[], None]],
    times: int,
) -> Iterator[Row]:
    taken: dict[str, list[float]] = {one[0]: [], other[0]: []}
    one_first = False
    for _ in range(times):
        one_first = not one_first
        for kind, work in (one, other) if one_first else (other, one):
            started = time.perf_counter()
            work()
            taken[kind].append((time.perf_counter() - started) * 1000)
    reference = Reference(other[0], statistics.median(taken[other[0]]))
    milliseconds = statistics.median(taken[one[0]])
    yield Measured(f"{name}, {one[0]}", milliseconds, "ms", reference=reference)
