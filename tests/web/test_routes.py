"""What every page loads."""

import pytest

from billing_app.web.doors import ActingState, PortalState
from billing_app.web.routes import PAGES, Page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.route)
def test_a_visit_leaves_behind_what_was_told_on_the_page_before(page: Page):
    acting = {x.state for x in page.on_load if issubclass(x.state, ActingState)}
    # A customer's page does so where it begins to watch.
    states = {state for state in acting if not issubclass(state, PortalState)}
    first = page.on_visit[: len(states)]

    assert {x.state for x in first if x.fn.__name__ == "leave_notices"} == states
    assert page.on_visit[len(states) :] == list(page.on_load)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.route)
def test_every_page_can_be_drawn(page: Page):
    """The build draws each of them, and takes half a minute to say what is wrong."""
    assert str(page.component())
