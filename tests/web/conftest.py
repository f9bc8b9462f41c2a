"""A running world behind the states, and browsers that are signed in to it."""

from collections.abc import Callable

import pytest

from billing_app import runtime
from billing_app.database.secrets import digest
from billing_app.domain.actors import StaffActor
from billing_app.models import Member, StaffSession
from tests.support.driver import Driver
from tests.support.world import World

Browse = Callable[[StaffActor, str], Driver]


@pytest.fixture
def browse(world: World) -> Browse:
    """Open a page as a member: `async with browse(actor, "/invoices") as driver`."""
    runtime.set_current(world.runtime)

    def open_page(actor: StaffActor, path: str) -> Driver:
        token = f"secret-of-{actor.member_id}"
        place = next(x for x in world.places if x.workspace_id == actor.workspace_id)
        with world.unit(place.system) as uow:
            member = uow.get(Member, actor.member_id)
            uow.add(
                StaffSession(
                    person_id=member.person_id,
                    member_id=actor.member_id,
                    token_digest=digest(token),
                    created_at=uow.now,
                    seen_at=uow.now,
                )
            )
        return Driver(f"tallyport={token}", path)

    return open_page
