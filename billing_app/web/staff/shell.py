"""The frame around every staff page: navigation, head, notices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import reflex as rx

from billing_app.domain.branding import initials
from billing_app.queries import shell as queries
from billing_app.web.components.command_menu import command_menu, shortcuts_dialog
from billing_app.web.components.controls import FirstWrong
from billing_app.web.components.layout import (
    NoticeSource,
    PlaceLine,
    skeleton_block,
    staff_shell,
)
from billing_app.web.doors import PressState, StaffState, staff_door
from billing_app.web.staff.command_state import ACTIONS, CommandState
from billing_app.web.staff.record import RecordState, is_shown
from billing_app.workflows.sign_in import list_places


class ShellState(StaffState, rx.State):
    """Whose desk this is. Every staff page loads it with `on_load=ShellState.enter`.

    Attributes:
        may: permissions by name; hides buttons, guards nothing.
        places: workspaces to switch between; empty where there is no choice.
    """

    workspace: str = ""
    workspace_mark: str = ""
    currency: str = ""
    person: str = ""
    person_mark: str = ""
    draft_count: str = ""
    may: dict[str, bool] = {}  # noqa: RUF012  (Reflex copies the default)
    places: list[PlaceLine] = []  # noqa: RUF012

    @staff_door
    async def enter(self) -> None:
        shell = await self._run(queries.read_shell)
        self.workspace, self.person = shell.workspace, shell.person
        self.currency = shell.currency
        self.workspace_mark = initials(shell.workspace)
        self.person_mark = initials(shell.person)
        self.draft_count = str(shell.draft_count) if shell.draft_count else ""
        self.may = dict.fromkeys(shell.permissions, True)
        here = await self._run(queries.read_place)
        self.places = [
            PlaceLine(str(x.workspace_id), x.workspace_name, x.workspace_id == here)
            for x in await self._run_workflow(list_places)
        ]


def staff_page(
    *content: rx.Component,
    state: type[StaffState],
    current: str,
    also: Sequence[type[StaffState]] = (),
    extra: Sequence[rx.Component] = (),
    **options: Any,
) -> rx.Component:
    """Draw a staff page in its frame; `state` is the page's own, for its notices.

    `also` are the states of parts of the page, which tell what happened, too.
    Options are those of `components.layout.staff_shell`.
    """
    page_state: Any = state
    return staff_shell(
        *content,
        current=current,
        workspace=ShellState.workspace,
        workspace_mark=ShellState.workspace_mark,
        places=ShellState.places,
        person=ShellState.person,
        person_mark=ShellState.person_mark,
        counts={"Invoices": ShellState.draft_count},
        notices=page_state.notices,
        on_dismiss=page_state.dismiss_notice,
        more_notices=[_source(each) for each in also],
        sign_out_action="/session/end",
        answered=PressState.answered,
        extra=(
            command_menu(
                actions=ACTIONS,
                results=CommandState.found,
                asked=CommandState.asked,
                on_query=CommandState.find,
                on_select=CommandState.act,
            ),
            shortcuts_dialog(),
            FirstWrong.create(),
            *extra,
        ),
        **options,
    )


def record_page(
    *content: rx.Component,
    state: type[RecordState],
    kind: str,
    title: str | rx.Var[str],
    actions: Sequence[rx.Component] = (),
    extra: Sequence[rx.Component] = (),
    loading: rx.Component | None = None,
    **options: Any,
) -> rx.Component:
    """Draw a staff page about one record; nothing of it before it is what was read.

    Until then it has `kind` for a title, a skeleton, no action and no dialog;
    `loading` is a skeleton with the page's own frame.
    Options are those of `staff_page`.
    """
    is_read = is_shown(state)
    if loading is None:
        loading = rx.el.div(skeleton_block(9), class_name="page")
    return staff_page(
        rx.cond(
            is_read,
            rx.fragment(*content),
            loading,
        ),
        state=state,
        title=rx.cond(is_read, title, kind),
        actions=(rx.cond(is_read, rx.fragment(*actions), rx.fragment()),),
        extra=(rx.cond(is_read, rx.fragment(*extra), rx.fragment()),),
        **options,
    )


def _source(state: type[StaffState]) -> NoticeSource:
    part: Any = state
    return NoticeSource(part.notices, part.dismiss_notice)
