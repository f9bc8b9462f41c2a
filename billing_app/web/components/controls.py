"""Buttons, links and form fields, with their names, hints and errors wired up.

    button("New invoice", icon_name="plus", kind="primary", shortcut="N",
           on_click=State.new)
    field("Amount", text_input("amount", numeric=True, default_value=State.amount),
          aside="USD", hint="Full balance.", error=State.errors["amount"])

A field takes its id from the control's name; give `field_id` inside a foreach.
The label alone is the accessible name; aside, hint and error describe it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import reflex as rx

from billing_app.web.components.icons import ICONS, icon
from billing_app.web.scripts import script_beside

Text = str | rx.Var[str]
Flag = bool | rx.Var[bool]
# What Reflex takes for an event: a handler, a call of one, a lambda, a list.
Handler = Any
ButtonKind = Literal["plain", "primary", "quiet", "danger", "quiet-danger"]
Option = tuple[str, str]

_HIDDEN = {"aria-hidden": "true"}
_KINDS: dict[str, str] = {
    "plain": "button",
    "primary": "button button-primary",
    "quiet": "button button-quiet",
    "danger": "button button-danger",
    "quiet-danger": "button button-quiet button-danger",
}


def button(
    label: Text,
    *,
    kind: ButtonKind = "plain",
    icon_name: str = "",
    small: bool = False,
    shortcut: str = "",
    hint: str = "",
    opens: str = "",
    closes: bool = False,
    submit: bool = False,
    busy: Flag = False,
    issues: bool = False,
    class_name: str = "",
    **props: Any,
) -> rx.Component:
    """Draw a button.

    `shortcut` is the key as in aria-keyshortcuts; the page's keyboard handler
    clicks the button, `hint` (or the key) is drawn beside the label and stays out
    of its name. `opens` is the id of a dialog to open, `closes` closes the dialog
    around the button. A busy button shows a spinner and takes no clicks; one that
    `issues` waits for the connection (draft_keeper.jsx).
    """
    return rx.el.button(
        *_button_content(label, icon_name, hint or shortcut, busy),
        type="submit" if submit else "button",
        class_name=_button_class(kind, small, busy, class_name),
        custom_attrs={
            **_button_attributes(shortcut, opens, closes, busy),
            **({"data-issues": "true"} if issues else {}),
        },
        **props,
    )


def once_button(label: Text, *, on_press: Handler, **props: Any) -> rx.Component:
    """Draw a button that makes something: a form of its own, so sent once.

    Properties are those of `button`.
    """
    return rx.el.form(
        button(label, submit=True, **props), on_submit=on_press, class_name="once"
    )


def icon_button(
    label: Text,
    icon_name: str,
    *,
    kind: ButtonKind = "quiet",
    small: bool = False,
    shortcut: str = "",
    opens: str = "",
    closes: bool = False,
    submit: bool = False,
    class_name: str = "",
    **props: Any,
) -> rx.Component:
    """Draw a button that is only an icon; the label is its name and its tip."""
    return rx.el.button(
        icon(icon_name),
        type="submit" if submit else "button",
        class_name=_button_class(kind, small, False, f"button-icon {class_name}"),
        custom_attrs=_button_attributes(shortcut, opens, closes, False),
        aria_label=label,
        title=label,
        **props,
    )


def link_button(
    label: Text,
    href: Text,
    *,
    kind: ButtonKind = "plain",
    icon_name: str = "",
    small: bool = False,
    shortcut: str = "",
    leaves_app: bool = False,
    class_name: str = "",
    **props: Any,
) -> rx.Component:
    """Draw a link that looks like a button; see `link` for `leaves_app`."""
    return _anchor(
        *_button_content(label, icon_name, shortcut, False),
        href=href,
        leaves_app=leaves_app,
        class_name=_button_class(kind, small, False, class_name),
        custom_attrs={"aria-keyshortcuts": shortcut} if shortcut else {},
        **props,
    )


def link(
    *content: rx.Component | Text,
    href: Text,
    leaves_app: bool = False,
    class_name: str = "link",
    **props: Any,
) -> rx.Component:
    """Draw a link. Set `leaves_app` for downloads, `#parts` and all but pages."""
    return _anchor(
        *content, href=href, leaves_app=leaves_app, class_name=class_name, **props
    )


def field(
    label: Text,
    control: rx.Component,
    *,
    field_id: Text = "",
    hint: Text = "",
    error: Text = "",
    warning: Text = "",
    aside: Text = "",
    aside_icon: str = "",
    label_hidden: bool = False,
    class_name: str = "",
) -> rx.Component:
    """Put a label above a control, and a hint, a warning or the error under it.

    The aside stands at the right end of the label line: a unit, "optional", or
    who sees what is typed.
    """
    target = _named_control(control)
    name = field_id or f"field-{_literal(target.name)}"
    note = f"{name}-note"
    described = f"{name}-aside {note}" if _is_given(aside) else note
    # Made anew: what a caller passes may be shared by other fields.
    target.custom_attrs = {
        **target.custom_attrs,
        "id": name,
        "aria-describedby": described,
        "aria-invalid": _is_wrong(error),
    }
    hidden = "visually-hidden" if label_hidden else "field-head"
    return rx.el.div(
        rx.el.div(
            rx.el.label(label, html_for=name, class_name="field-label"),
            _aside(aside, aside_icon, f"{name}-aside"),
            class_name=hidden,
        ),
        control,
        _note(hint, warning, error, note),
        class_name=f"field {class_name}".strip(),
    )


def text_input(
    name: str,
    *,
    kind: str = "text",
    numeric: bool = False,
    class_name: str = "",
    **props: Any,
) -> rx.Component:
    """Draw a one-line input; `numeric` aligns figures right, for amounts."""
    if numeric:
        class_name = f"input-number {class_name}"
        props = {"input_mode": "decimal", "auto_complete": "off", **props}
    props = {"type": kind, **props}
    return rx.el.input(name=name, class_name=f"input {class_name}".strip(), **props)


def money_input(name: str, currency: Text, **props: Any) -> rx.Component:
    """Draw the large amount of a payment, with its currency at the left."""
    unit = rx.el.span(currency, class_name="currency", custom_attrs=_HIDDEN)
    return rx.el.div(
        unit, text_input(name, numeric=True, **props), class_name="money-field"
    )


def date_input(name: str, **props: Any) -> rx.Component:
    """Draw the browser's own date field; its value is an ISO date."""
    return rx.el.input(type="date", name=name, class_name="input figures", **props)


def text_area(name: str, *, rows: int = 2, **props: Any) -> rx.Component:
    """Draw a text that grows with its lines."""
    return rx.el.textarea(name=name, rows=str(rows), class_name="input", **props)


def select(
    name: str, options: Sequence[Option] | rx.Var[list[Option]], **props: Any
) -> rx.Component:
    """Draw the browser's own select; options are (value, words)."""
    return rx.el.select(
        *_options(options),
        name=name,
        class_name="input",
        **props,
    )


def checkbox(name: str, label: Text, **props: Any) -> rx.Component:
    """Draw a checkbox with its words beside it."""
    return rx.el.label(
        rx.el.input(type="checkbox", name=name, class_name="checkbox", **props),
        rx.el.span(label),
        class_name="check",
    )


def switch(name: str, label: Text, **props: Any) -> rx.Component:
    """Draw a switch that acts at once; the label names it but is not drawn."""
    return rx.el.input(
        type="checkbox",
        role="switch",
        name=name,
        class_name="switch",
        aria_label=label,
        **props,
    )


def segmented(
    name: str,
    label: str,
    options: Sequence[Option],
    *,
    value: Text,
    on_select: Handler = None,
    wide: bool = False,
    small: bool = False,
) -> rx.Component:
    """Let people choose one of a few, all in view; options are (value, words).

    Radio buttons underneath: arrow keys move, a form sends the choice.
    `on_select` gets the value chosen; without it `value` is where it starts and
    the browser keeps the choice.
    """
    names = ["segmented"] + ["segmented-wide"] * wide + ["segmented-small"] * small
    return rx.el.fieldset(
        rx.el.legend(label, class_name="visually-hidden"),
        rx.el.div(
            *(
                _segment(name, option, words, value, on_select)
                for option, words in options
            ),
            class_name=" ".join(names),
        ),
    )


class MoreMenu(rx.Component):
    """Buttons or links that are rarely needed, behind one button."""

    library = script_beside(__name__, "more_menu.jsx")
    tag = "MoreMenu"

    words: rx.Var[str]


def more_menu(*rare: rx.Component, words: Text = "More") -> rx.Component:
    """Keep rare verbs or links out of sight, one press away."""
    return MoreMenu.create(*rare, words=words, class_name="more")


class Strip(rx.Component):
    """Links that may scroll sideways; the current one is in sight."""

    library = script_beside(__name__, "strip.jsx")
    tag = "Strip"

    element: rx.Var[str]


def strip(*links: rx.Component, label: str = "", class_name: str) -> rx.Component:
    """Put links into a row; the one with aria-current="page" comes into sight.

    With a label the row is a landmark; without, a part of one.
    """
    if not label:
        return Strip.create(*links, class_name=class_name, element="div")
    return Strip.create(
        *links, class_name=class_name, custom_attrs={"aria-label": label}
    )


class TabList(rx.Component):
    """The row of tabs and its arrow keys."""

    library = script_beside(__name__, "tab_list.jsx")
    tag = "TabList"


def tab_list(
    label: Text,
    tabs: Sequence[tuple[str, Text]],
    *,
    value: Text,
    on_select: Handler,
) -> rx.Component:
    """Draw tabs over panels of one page; see `tab_panel` for the panels."""
    return TabList.create(
        *(
            rx.el.button(
                words,
                type="button",
                role="tab",
                on_click=on_select(name),
                tab_index=rx.cond(value == name, 0, -1),
                custom_attrs={
                    "id": f"tab-{name}",
                    "aria-selected": value == name,
                    "aria-controls": f"panel-{name}",
                },
            )
            for name, words in tabs
        ),
        class_name="segmented",
        custom_attrs={"aria-label": label},
    )


def tab_panel(name: str, *content: rx.Component, value: Text) -> rx.Component:
    return rx.el.div(
        *content,
        role="tabpanel",
        hidden=value != name,
        custom_attrs={"id": f"panel-{name}", "aria-labelledby": f"tab-{name}"},
    )


def search_field(
    label: Text,
    *,
    name: str = "search",
    placeholder: Text = "",
    shortcut: str = "",
    **props: Any,
) -> rx.Component:
    """Draw a search field named by its label; staff pages give it `/` as shortcut."""
    key = [rx.el.kbd(shortcut, custom_attrs=_HIDDEN)] if shortcut else []
    return rx.el.div(
        icon("search"),
        rx.el.input(
            type="search",
            name=name,
            class_name="input",
            placeholder=placeholder if _is_given(placeholder) else label,
            aria_label=label,
            auto_complete="off",
            custom_attrs={"aria-keyshortcuts": shortcut} if shortcut else {},
            **props,
        ),
        *key,
        class_name="input-icon search-field",
    )


def spinner(label: str = "Loading") -> rx.Component:
    return rx.el.span(
        icon("spinner", class_name="icon-spinning"),
        rx.el.span(label, class_name="visually-hidden"),
    )


class FirstWrong(rx.Component):
    """Shows, once for a page, what of its forms was refused."""

    library = script_beside(__name__, "first_wrong.jsx")
    tag = "FirstWrong"


class PlainForm(rx.el.Div):
    """A form that the browser itself sends; Reflex's own never leaves the page."""

    tag = "form"

    action: rx.Var[str]
    method: rx.Var[str]
    enc_type: rx.Var[str]


def post_form(
    *content: rx.Component, action: Text | None = None, **props: Any
) -> rx.Component:
    """Draw a form for an HTTP route, such as one that sets a cookie.

    It works without scripts, and its answer loads a page anew. Without an action
    it goes to the page's own address, with all that stands behind the ?.
    """
    if action is not None:
        props["action"] = action
    return PlainForm.create(*content, method="post", **props)


def get_form(*content: rx.Component, action: Text, **props: Any) -> rx.Component:
    """Draw a form whose fields go behind the ? of an HTTP route, such as a file's."""
    return PlainForm.create(*content, method="get", action=action, **props)


class CopyButton(rx.Component):
    """Copies a text; the glyph becomes a tick and a live region says so."""

    library = script_beside(__name__, "copy_button.jsx")
    tag = "CopyButton"

    text: rx.Var[str]
    label: rx.Var[str]
    words: rx.Var[str]
    copy_path: rx.Var[str]
    done_path: rx.Var[str]


def copy_button(
    label: Text, text: Text, *, words: str = "", class_name: str = ""
) -> rx.Component:
    """Draw a button that copies `text`.

    With `words` it is a button with these words, else only an icon named by
    `label`, such as "Copy IBAN".
    """
    kind = "button" if words else "button button-quiet button-icon button-small"
    return CopyButton.create(
        text=text,
        label=label,
        words=words,
        copy_path=ICONS["link" if words.endswith("link") else "copy"],
        done_path=ICONS["check"],
        class_name=f"{kind} {class_name}".strip(),
    )


def _segment(
    name: str, option: str, words: str, value: Text, on_select: Handler
) -> rx.Component:
    chosen = value == option
    kept = (
        {"default_checked": chosen}
        if on_select is None
        else {"checked": chosen, "on_change": on_select(option)}
    )
    return rx.el.label(
        rx.el.input(
            type="radio", name=name, value=option, class_name="visually-hidden", **kept
        ),
        words,
    )


def _button_content(
    label: Text, icon_name: str, hint: str, busy: Flag
) -> list[rx.Component | Text]:
    drawn = icon(icon_name) if icon_name else rx.fragment()
    if busy is not False:
        drawn = rx.cond(busy, icon("spinner", class_name="icon-spinning"), drawn)
    key = rx.el.kbd(hint, custom_attrs=_HIDDEN)
    has_icon = bool(icon_name) or busy is not False
    return [*([drawn] if has_icon else []), label, *([key] if hint else [])]


def _button_class(
    kind: ButtonKind, small: bool, busy: Flag, more: str
) -> str | rx.Var[str]:
    name = f"{_KINDS[kind]}{' button-small' if small else ''} {more}".strip()
    if busy is False:
        return name
    return rx.cond(busy, f"{name} button-busy", name)


def _button_attributes(
    shortcut: str, opens: str, closes: bool, busy: Flag
) -> dict[str, Any]:
    given: dict[str, Any] = {
        "aria-keyshortcuts": shortcut,
        "data-opens": opens,
        "data-closes": "true" if closes else "",
    }
    if opens:
        given["aria-haspopup"] = "dialog"
    if busy is not False:
        given["aria-busy"] = busy
    return {key: value for key, value in given.items() if not _is_blank(value)}


def _anchor(*content: Any, href: Text, leaves_app: bool, **props: Any) -> rx.Component:
    # Reflex routes every link in the browser, which fits pages only: a download
    # would show "not found", a jump within the page would not move the focus.
    return rx.el.a(*content, href=href, reload_document=leaves_app or None, **props)


def _named_control(control: rx.Component) -> Any:
    """Find the input in a control that is drawn with an icon or a unit."""
    if getattr(control, "name", None) is not None:
        return control
    named = [c for c in control.children if getattr(c, "name", None) is not None]
    assert len(named) == 1, "a field holds one named control"
    return named[0]


def _aside(aside: Text, aside_icon: str, aside_id: Text) -> rx.Component:
    if not _is_given(aside):
        return rx.fragment()
    drawn = [icon(aside_icon, 14)] if aside_icon else []
    return rx.el.span(
        *drawn, aside, class_name="field-aside", custom_attrs={"id": aside_id}
    )


def _note(hint: Text, warning: Text, error: Text, note_id: Text) -> rx.Component:
    """Draw the error, else the warning or hint; empty it stays for the live region."""
    hinted = rx.el.p(hint, class_name="field-hint") if _is_given(hint) else None
    if _is_given(warning):
        warned = rx.el.p(
            icon("warning", 14), rx.el.span(warning), class_name="field-warning"
        )
        hinted = rx.cond(warning, warned, hinted or rx.fragment())
    wrong = rx.el.p(icon("alert", 14), rx.el.span(error), class_name="field-error")
    if isinstance(error, rx.Var):
        # An error that a dict does not hold is as good as an empty one.
        shown = rx.cond(error, wrong, hinted or rx.fragment())
    else:
        shown = wrong if error else hinted or rx.fragment()
    return rx.el.div(
        shown,
        class_name="field-note",
        custom_attrs={"id": note_id, "aria-live": "polite"},
    )


def _options(options: Sequence[Option] | rx.Var[list[Option]]) -> list[rx.Component]:
    if isinstance(options, rx.Var):
        return [rx.foreach(options, lambda it: rx.el.option(it[1], value=it[0]))]
    return [rx.el.option(words, value=value) for value, words in options]


def _is_wrong(error: Text) -> Flag:
    return rx.cond(error, True, False) if isinstance(error, rx.Var) else bool(error)


def _is_given(text: Text) -> bool:
    return isinstance(text, rx.Var) or bool(text)


def _is_blank(value: Any) -> bool:
    return isinstance(value, str) and not value


def _literal(name: Any) -> str:
    """Read the plain name of a control; a name from state needs a field_id."""
    return str(rx.Var.create(name)).strip('"')
