"""What every page loads and draws."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from billing_app.web.components.dialogs import Dialog
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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.route)
def test_a_dialog_names_nothing_as_the_page_or_another_dialog_does(page: Page):
    """A label and what describes a field would lead to the wrong one."""
    boxes: dict[str, set[str]] = defaultdict(set)
    for name, box in names_in(page.component()):
        boxes[name].add(box)

    assert [name for name, found in boxes.items() if len(found) > 1] == []


def names_in(component: Any, box: str = "") -> Iterator[tuple[str, str]]:
    """Yield each id, and that of the dialog it is in."""
    name = (getattr(component, "custom_attrs", None) or {}).get("id")
    if isinstance(component, Dialog):
        box = str(name)
    if isinstance(name, str):
        yield name, box
    # Both sides of a condition are children, too.
    for child in getattr(component, "children", ()):
        yield from names_in(child, box)
