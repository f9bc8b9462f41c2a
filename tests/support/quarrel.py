"""Builders of disputes: who opens them, with which proof, and how they end."""

from __future__ import annotations

from itertools import count
from typing import Any

from billing_app.domain.actors import PortalVisitor
from billing_app.domain.dispute import DisputeForm, ResolveForm
from billing_app.domain.portal_settings import PortalSettings, WriteAuth
from billing_app.models import Dispute
from billing_app.services import disputes
from tests.support.billing import all_rows, visitor_of
from tests.support.world import Place, World

OPEN = PortalSettings(write_auth=WriteAuth.LINK)

_keys = count(1)


def typed(amount: str = "30.00", **fields: str) -> DisputeForm:
    """A dispute as a customer would type it, with a request key of its own."""
    named = {
        "reason": "We only had three pallets.",
        "request_key": f"dispute-{next(_keys):06}",
    }
    return DisputeForm(**{**named, "amount": amount, **fields})


def dispute(
    world: World,
    place: Place,
    invoice_id: int,
    amount: str = "30.00",
    *,
    visitor: PortalVisitor | None = None,
    settings: PortalSettings = OPEN,
    **fields: str,
) -> int:
    """Open a dispute as whoever holds the invoice's link."""
    return world.run(
        visitor or visitor_of(world, place, invoice_id),
        disputes.open_dispute,
        invoice_id,
        typed(amount, **fields),
        settings,
        "",
    )


def decided(outcome: str = "stands", **fields: str) -> ResolveForm:
    named = {"answer": "We counted again: four.", "note": "They tried this in May."}
    return ResolveForm(**{**named, "outcome": outcome, **fields})


def resolve(
    world: World, place: Place, dispute_id: int, outcome: str = "stands", **fields: Any
) -> None:
    form = decided(outcome, **fields)
    world.run(place.accounting, disputes.resolve_dispute, dispute_id, form)


def stored(world: World, place: Place) -> list[Dispute]:
    return all_rows(world, place, Dispute)
