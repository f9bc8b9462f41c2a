from __future__ import annotations

import pytest
from reflex_base.environment import environment

from billing_app.web.components import tables
from billing_app.web.portal import browser
from billing_app.web.scripts import script_beside


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(environment.REFLEX_SKIP_COMPILE.name, "true")


@pytest.mark.usefixtures("serving")
def test_a_server_names_a_script_as_the_compiler_did():
    on_the_page = script_beside(tables.__name__, "row_check.jsx")
    in_the_portal = script_beside(browser.__name__, "card.jsx")

    assert on_the_page == tables.RowCheck.library
    assert in_the_portal == browser.CardForm.library


def test_the_compiler_refuses_a_script_that_is_not_there():
    with pytest.raises(FileNotFoundError):
        script_beside(__name__, "nowhere.jsx")
