"""The frames around every page: staff desk, portal, pages that stand alone.

    def page() -> rx.Component:
        return staff_shell(
            ...,
            title="Invoices", current="Invoices",
            actions=[button("New invoice", kind="primary", shortcut="N")],
            workspace=State.workspace_name, person=State.member_name,
            notices=State.notices, on_undo=State.undo, on_dismiss=State.dismiss,
        )

Vars and handlers come from the page that owns the state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx
from reflex_components_core.base.error_boundary import ErrorBoundary
from reflex_components_core.core.banner import has_connection_errors

from billing_app.web import theme
from billing_app.web.components.command_menu import MENU_ID, SHORTCUTS_ID, keyboard
from billing_app.web.components.controls import (
    Flag,
    Handler,
    Text,
    icon_button,
    link,
    post_form,
)
from billing_app.web.components.icons import icon
from billing_app.web.scripts import script_beside
from billing_app.web.words import worded


@dataclass(frozen=True, slots=True)
class Destination:
    name: str
    href: str
    icon_name: str


DESTINATIONS = (
    Destination("Dashboard", "/dashboard", "dashboard"),
    Destination("Invoices", "/invoices", "invoice"),
    Destination("Customers", "/customers", "customers"),
    Destination("Accounting", "/accounting/aging", "accounting"),
    Destination("Settings", "/settings", "settings"),
)


CONNECTION_WORDS = worded("Lost connection. What you typed is kept here. Trying again…")

# Long enough to read a sentence; and to reach the button that takes it back.
NOTICE_SECONDS = 6
UNDO_SECONDS = 12


@dataclass(frozen=True, slots=True)
class Notice:
    """What just happened, in a sentence.

    Attributes:
        key: tells the page's undo and dismiss handlers which notice is meant.
        undo: the word on the button that takes it back; empty when nothing can.
        is_refusal: something was not done; it stays until it is dismissed, something
            else is done or the page is left.
    """

    key: str
    words: str
    undo: str = ""
    is_refusal: bool = False


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """A workspace that the member may switch to; `is_here` is the current one."""

    workspace_id: str
    name: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class NoticeSource:
    """A state that tells something on the page, and how to dismiss it."""

    notices: rx.Var[list[Notice]]
    on_dismiss: Handler


class NoticeRegion(rx.Component):
    """Where notices are; inside the dialog while one is open."""

    library = script_beside(__name__, "notice.jsx")
    tag = "NoticeRegion"


class NoticeCard(rx.Component):
    """Calls `on_expire` after some seconds, 0 for never, and on Escape."""

    library = script_beside(__name__, "notice.jsx")
    tag = "NoticeCard"

    seconds: rx.Var[int]
    on_expire: rx.EventHandler[rx.event.no_args_event_spec]


class Presses(rx.Component):
    """Sends each form of the page once, until its press is among those answered."""

    library = script_beside(__name__, "presses.jsx")
    tag = "Presses"

    answered: rx.Var[list[str]]


def staff_shell(
    *content: rx.Component,
    title: Text,
    current: str,
    workspace: Text,
    workspace_mark: Text = "",
    places: rx.Var[list[PlaceLine]] | None = None,
    person: Text,
    person_mark: Text = "",
    jobs_word: Text = "Jobs",
    parent: tuple[Text, Text] | None = None,
    count: Text = "",
    beside_title: rx.Component | Text = "",
    actions: Sequence[rx.Component] = (),
    counts: dict[str, Text] | None = None,
    views: rx.Component | None = None,
    live: Text = "",
    rail: bool = False,
    title_in_page: bool = False,
    notices: rx.Var[list[Notice]] | None = None,
    on_undo: Handler = None,
    on_dismiss: Handler = None,
    more_notices: Sequence[NoticeSource] = (),
    sign_out_action: str = "/sign-out",
    stylesheets: Sequence[str] = (),
    extra: Sequence[rx.Component] = (),
    answered: rx.Var[list[str]] | None = None,
) -> rx.Component:
    """Put the staff's navigation and head around a page.

    `current` is a name of DESTINATIONS. `parent` (words, href) makes a
    breadcrumb. With `title_in_page` the page draws the h1 itself and the head
    shows the title as text. Beside it stand a count and, not on a phone, a status
    or a time. `counts` stand beside names of DESTINATIONS. `rail` folds the
    navigation beside an editor. `more_notices` are those of other states of the page.
    `stylesheets` adds files, such as theme.DOCUMENT;
    `extra` holds dialogs and the command menu, which stand outside the main landmark.
    `answered` are the keys of the presses of forms that were answered.
    """
    mark = workspace_mark if _is_given(workspace_mark) else "T"
    return rx.fragment(
        *theme.stylesheet_links((*theme.STAFF, *stylesheets)),
        connection_banner(),
        rx.el.div(
            skip_link("Skip to content"),
            _phone_bar(workspace, mark, _switch(places)),
            rx.el.header(
                _workspace(workspace, mark),
                _switch(places),
                _find(),
                navigation(current, counts or {}, jobs_word),
                views or rx.fragment(),
                _side_foot(live, person, person_mark, sign_out_action),
                class_name="side",
            ),
            rx.el.main(
                _head(
                    title,
                    parent,
                    count,
                    beside_title,
                    actions,
                    title_in_page,
                    notice_region(notices, on_undo, on_dismiss, more_notices),
                ),
                *content,
                class_name="main",
                id="main",
                tab_index=-1,
            ),
            class_name="shell shell-rail" if rail else "shell",
        ),
        *extra,
        keyboard(),
        *([] if answered is None else [Presses.create(answered=answered)]),
    )


def portal_shell(
    *content: rx.Component,
    seller: Text = "",
    seller_href: Text = "",
    lockup: rx.Component | None = None,
    seller_mark: Text = "",
    links: Sequence[rx.Component] = (),
    contact: Sequence[rx.Component | Text] = (),
    shows_badge: Flag = True,
    storage_notice: rx.Var[str] | None = None,
    skip_words: Text | None = None,
    main_class: str = "invoice",
    brand: rx.Var[dict[str, str]] | dict[str, str] | None = None,
    above: Sequence[rx.Component] = (),
    notices: rx.Var[list[Notice]] | None = None,
    on_undo: Handler = None,
    on_dismiss: Handler = None,
    more_notices: Sequence[NoticeSource] = (),
    stylesheets: Sequence[str] = (theme.DOCUMENT,),
    extra: Sequence[rx.Component] = (),
) -> rx.Component:
    """Put the seller's lockup above and their contact below a portal page.

    `brand` is the value of brand_style; `above` stands over everything;
    `more_notices` are those of other states of the page.
    """
    portal_links = [rx.el.nav(*links, aria_label=worded("Portal"))] if links else []
    branded = {} if brand is None else {"style": brand}
    return rx.el.div(
        *theme.stylesheet_links((*theme.PORTAL, *stylesheets)),
        Connection.create(_connection_words(), is_cut_off=has_connection_errors),
        skip_link(worded("Skip to the invoice") if skip_words is None else skip_words),
        *above,
        rx.el.header(
            lockup or _lockup(seller, seller_href, seller_mark),
            *portal_links,
            class_name="top",
        ),
        notice_region(notices, on_undo, on_dismiss, more_notices),
        rx.el.main(*content, class_name=main_class, id="main", tab_index=-1),
        rx.el.footer(
            rx.el.p(*contact),
            _storage(storage_notice),
            _badge(shows_badge),
            class_name="portal-foot",
        ),
        *extra,
        class_name="portal" if brand is None else "portal brand",
        custom_attrs=branded,
    )


def alone_page(
    title: Text, *content: rx.Component, icon_name: str = "invoice"
) -> rx.Component:
    """Draw a page without brand, name or number: not found, not available."""
    return rx.fragment(
        *theme.stylesheet_links(theme.PORTAL),
        rx.el.div(
            rx.el.main(
                icon(icon_name, 40, "art"),
                rx.el.h1(title),
                *content,
                id="main",
            ),
            class_name="alone",
        ),
    )


def sign_in_page(title: str, *content: rx.Component, foot: Text = "") -> rx.Component:
    """Draw the narrow staff page for signing in and for codes."""
    return rx.fragment(
        *theme.stylesheet_links(theme.STAFF),
        rx.el.div(
            rx.el.main(
                rx.el.span("T", class_name="workspace-mark", custom_attrs=_HIDDEN),
                rx.el.h1(title),
                *content,
                id="main",
            ),
            rx.el.footer(foot or "Tallyport"),
            class_name="sign-in",
        ),
    )


def skip_link(words: Text) -> rx.Component:
    return link(words, href="#main", class_name="skip-link", leaves_app=True)


def navigation(
    current: str, counts: dict[str, Text], jobs_word: Text = "Jobs"
) -> rx.Component:
    """List where to go; counts, of drafts, describe a link but do not name it."""
    return rx.el.nav(
        rx.el.ul(
            *(_destination(it, current, counts, jobs_word) for it in DESTINATIONS)
        ),
        class_name="navigation",
        aria_label="Main",
    )


def saved_views(*views: rx.Component) -> rx.Component:
    return rx.el.nav(
        rx.el.h2("Saved views"),
        rx.el.ul(*views),
        class_name="navigation navigation-views",
        aria_label="Saved views",
    )


def panel(
    title: Text,
    *content: rx.Component,
    count: Text = "",
    aside: Sequence[rx.Component] = (),
    is_printed: bool = True,
) -> rx.Component:
    """Draw a section as one hairline box with its heading.

    What is for the desk alone is not printed with the page: what people said and did.
    """
    counted = [rx.el.span(count, class_name="count")] if _is_given(count) else []
    pushed = [rx.el.span(class_name="spacer"), *aside] if aside else []
    return rx.el.section(
        rx.el.div(rx.el.h2(title), *counted, *pushed, class_name="panel-head"),
        *content,
        class_name="panel" if is_printed else "panel unprinted",
        aria_label=title,
    )


def failed_panel(title: str, words: Text, *, retry: rx.Component) -> rx.Component:
    """Keep the frame of a panel whose content could not be read."""
    failed = rx.el.div(
        icon("alert"), rx.el.p(words), retry, class_name="panel-failed", role="alert"
    )
    return panel(title, failed)


def message(words: Text, *, tone: str = "", icon_name: str = "info") -> rx.Component:
    """Draw a sentence in a tinted box; tones are good, warn and bad."""
    return rx.el.div(
        icon(icon_name),
        rx.el.p(words),
        class_name=f"message message-{tone}" if tone else "message",
        role="alert" if tone == "bad" else "status",
    )


def skeleton_block(lines: int = 3) -> rx.Component:
    """Draw lines of grey while a part of a page loads."""
    widths = ("60%", "85%", "40%")
    return rx.el.div(
        *(
            rx.el.p(
                rx.el.span(class_name="skeleton", style={"width": widths[line % 3]})
            )
            for line in range(lines)
        ),
        class_name="loading",
        custom_attrs={"aria-busy": "true"},
    )


def notice_region(
    notices: rx.Var[list[Notice]] | None,
    on_undo: Handler,
    on_dismiss: Handler,
    more: Sequence[NoticeSource] = (),
) -> rx.Component:
    """Tell what just happened, with Undo where it can be taken back.

    It has a place of its own and covers nothing. A notice goes away by itself, a
    refusal does not. The region is always there, so that a screen reader hears what
    enters it. Handlers get the notice's key.
    """
    sources = [] if notices is None else [(notices, on_undo, on_dismiss)]
    sources += [(it.notices, None, it.on_dismiss) for it in more]
    return NoticeRegion.create(
        *(_notices(*source) for source in sources),
        class_name="notices",
        # A component of our own takes what is no prop of it for a style.
        custom_attrs={"role": "status", "aria-live": "polite"},
    )


def _notices(
    notices: rx.Var[list[Notice]], on_undo: Handler, on_dismiss: Handler
) -> rx.Component:
    return rx.foreach(notices, lambda it: _notice(it, on_undo, on_dismiss))


class Connection(rx.Component):
    """Draws its children while there is no connection; holds back what is sent then."""

    library = script_beside(__name__, "connection.jsx")
    tag = "Connection"

    is_cut_off: rx.Var[bool]


def connection_banner() -> rx.Component:
    """Say quietly that the line is down; it goes away by itself."""
    return rx.connection_banner(_connection_words())


def _connection_words() -> rx.Component:
    return rx.el.div(
        icon("offline", 14),
        CONNECTION_WORDS,
        class_name="connection-banner",
        role="status",
    )


def error_boundary() -> rx.Component:
    """Tell people when a page breaks in their browser; the log gets the trace.

    For rx.App(app_wraps={(55, "ErrorBoundary"): lambda _: error_boundary()}). That
    leaves out Reflex's own, with its trace, and its overlay with two libraries.
    """
    return ErrorBoundary.create(
        fallback_render=rx.el.div(
            rx.el.main(
                rx.el.h1("This page stopped working"),
                rx.el.p("What was saved is safe. Loading it again usually helps."),
                link("Load again", href="", class_name="button", leaves_app=True),
            ),
            class_name="alone",
        )
    )


def _destination(
    it: Destination, current: str, counts: dict[str, Text], jobs_word: Text
) -> rx.Component:
    count = counts.get(it.name)
    number: list[rx.Component] = []
    told: Text = ""
    if count is not None:
        number = [rx.el.span(count, class_name="count", custom_attrs=_HIDDEN)]
        told = rx.cond(count, f"Drafts: {count}", "")
    here = {"aria-current": "page"} if it.name == current else {}
    return rx.el.li(
        link(
            icon(it.icon_name),
            rx.el.span(jobs_word if it.name == "Jobs" else it.name),
            *number,
            href=it.href,
            class_name="destination",
            title=told,
            custom_attrs=here,
        ),
        class_name="navigation-last" if it.name == "Settings" else "",
    )


def _lockup(seller: Text, href: Text, mark: Text) -> rx.Component:
    parts = (
        rx.el.span(mark, class_name="mark", custom_attrs=_HIDDEN),
        rx.el.span(seller, class_name="truncate"),
    )
    if isinstance(href, rx.Var) or href:
        return link(*parts, href=href, class_name="lockup")
    return rx.el.span(*parts, class_name="lockup")


def _storage(notice: rx.Var[str] | None) -> rx.Component:
    return rx.fragment() if notice is None else rx.cond(notice, rx.el.p(notice))


def _badge(shows_badge: Flag) -> rx.Component:
    badge = rx.el.p(worded("Powered by {product}", product="Tallyport"))
    if isinstance(shows_badge, rx.Var):
        return rx.cond(shows_badge, badge)
    return badge if shows_badge else rx.fragment()


def _workspace(name: Text, mark: Text) -> rx.Component:
    return rx.el.div(
        rx.el.span(mark, class_name="workspace-mark", custom_attrs=_HIDDEN),
        rx.el.span(name, class_name="truncate"),
        class_name="workspace",
    )


def _switch(places: rx.Var[list[PlaceLine]] | None) -> rx.Component:
    """Offer the other workspaces to whoever has several; else draw nothing."""
    if places is None:
        return rx.fragment()

    def place(it: Any) -> rx.Component:
        return rx.el.li(
            rx.el.button(
                it.name,
                type="submit",
                name="workspace_id",
                value=it.workspace_id,
                disabled=it.is_here,
                aria_current=rx.cond(it.is_here, "true", "false"),
                class_name="button button-quiet",
            )
        )

    return rx.cond(
        places.length() > 0,
        rx.el.details(
            rx.el.summary(
                icon("chevrons-up-down", 14),
                rx.el.span("Switch workspace", class_name="visually-hidden"),
            ),
            post_form(rx.el.ul(rx.foreach(places, place)), action="/session/workspace"),
            class_name="workspace-switch",
        ),
    )


def _find() -> rx.Component:
    """Open the command menu, which listens for this attribute and for Ctrl K."""
    return rx.el.button(
        icon("search", 14),
        rx.el.span("Search or jump to"),
        rx.el.kbd("Ctrl K", custom_attrs=_HIDDEN),
        type="button",
        class_name="find",
        custom_attrs=_OPENS_MENU,
    )


def _phone_bar(workspace: Text, mark: Text, switch: rx.Component) -> rx.Component:
    return rx.el.div(
        _workspace(workspace, mark),
        switch,
        rx.el.button(
            icon("search", 20),
            type="button",
            class_name="button button-quiet button-icon",
            aria_label="Search or jump to",
            custom_attrs={"data-opens": MENU_ID, "aria-haspopup": "dialog"},
        ),
        theme.color_mode_button(),
        link(
            icon("settings", 20),
            href="/settings",
            class_name="button button-quiet button-icon",
            aria_label="Settings",
        ),
        class_name="phone-bar",
        role="region",
        aria_label="Workspace",
    )


def _side_foot(
    live: Text, person: Text, person_mark: Text, sign_out_action: str
) -> rx.Component:
    line = (
        [
            rx.el.p(
                rx.el.span(class_name="dot"),
                rx.el.span(live),
                class_name="live",
                role="status",
            )
        ]
        if _is_given(live)
        else []
    )
    return rx.el.div(
        *line,
        rx.el.div(
            rx.el.span(person_mark, class_name="face", custom_attrs=_HIDDEN),
            rx.el.span(person, class_name="truncate"),
            icon_button(
                "Keyboard shortcuts",
                "help",
                small=True,
                shortcut="?",
                opens=SHORTCUTS_ID,
            ),
            theme.color_mode_button(),
            post_form(
                icon_button("Sign out", "sign-out", small=True, submit=True),
                action=sign_out_action,
            ),
            class_name="person",
        ),
        class_name="side-foot",
    )


def _head(
    title: Text,
    parent: tuple[str, str] | None,
    count: Text,
    beside_title: rx.Component | Text,
    actions: Sequence[rx.Component],
    title_in_page: bool,
    notices: rx.Component,
) -> rx.Component:
    heading = rx.el.span(title) if title_in_page else rx.el.h1(title)
    if parent is not None:
        words, href = parent
        heading = rx.el.div(
            link(words, href=href, class_name="crumb"),
            icon("chevron-right", 14),
            heading,
            class_name="breadcrumb",
        )
    return rx.el.header(
        heading,
        rx.el.span(count, class_name="count"),
        rx.el.span(beside_title, class_name="head-aside"),
        notices,
        rx.el.div(*actions, class_name="head-actions"),
        class_name="head",
    )


def _notice(
    it: rx.vars.ObjectVar[Notice], on_undo: Handler, on_dismiss: Handler
) -> rx.Component:
    undo = (
        rx.cond(
            it.undo,
            rx.el.button(it.undo, type="button", on_click=on_undo(it.key)),
            rx.fragment(),
        )
        if on_undo is not None
        else rx.fragment()
    )
    dismiss = (
        rx.el.button(
            icon("close"),
            type="button",
            on_click=on_dismiss(it.key),
            aria_label=worded("Dismiss"),
        )
        if on_dismiss is not None
        else rx.fragment()
    )
    return NoticeCard.create(
        rx.cond(it.is_refusal, icon("alert"), icon("check")),
        rx.el.p(it.words),
        undo,
        dismiss,
        key=it.key,
        class_name="notice",
        seconds=rx.cond(
            it.is_refusal, 0, rx.cond(it.undo, UNDO_SECONDS, NOTICE_SECONDS)
        ),
        **({} if on_dismiss is None else {"on_expire": on_dismiss(it.key)}),
    )


def _is_given(text: Text) -> bool:
    return isinstance(text, rx.Var) or bool(text)


_HIDDEN = {"aria-hidden": "true"}
_OPENS_MENU = {
    "data-opens": MENU_ID,
    "aria-haspopup": "dialog",
    "aria-keyshortcuts": "Control+K Meta+K",
}
