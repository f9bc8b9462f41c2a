"""The settings' page for look, colour and logo."""

from __future__ import annotations

import reflex as rx

from billing_app.domain.document import Look
from billing_app.web.components.controls import (
    button,
    field,
    text_input,
)
from billing_app.web.components.file_upload import file_upload
from billing_app.web.components.icons import icon
from billing_app.web.staff.settings_branding_state import BrandingState as State
from billing_app.web.staff.settings_frame import form_panel, settings_page

_LOOKS = ((Look.MODERN, "Modern"), (Look.CLASSIC, "Classic"), (Look.COMPACT, "Compact"))
_LOGO_BYTES_MAX = 5_000_000 - 10_000
_TYPING_MS = 200


def page() -> rx.Component:
    return settings_page(
        _logo(),
        form_panel("Look", *_look(), on_submit=State.save),
        state=State,
        here="Branding",
        lead="How your invoices and the portal look.",
        is_loaded=State.version > 0,
    )


def _logo() -> rx.Component:
    upload = file_upload(
        "logo",
        action="/api/logo",
        accept="image/png,image/jpeg,image/webp,image/gif",
        max_bytes=_LOGO_BYTES_MAX,
        too_large="This file is larger than 5 MB. Save the logo as a smaller PNG.",
        on_done=State.take_logo,
        on_problem=State.refuse_logo,
    )
    return rx.el.section(
        rx.el.div(
            rx.el.h3("Logo"),
            rx.el.span(class_name="spacer"),
            rx.cond(
                State.logo_url,
                button(
                    "Remove logo", kind="quiet", small=True, on_click=State.remove_logo
                ),
            ),
            class_name="panel-head",
        ),
        rx.el.div(
            rx.cond(
                State.logo_url,
                rx.el.img(src=State.logo_url, alt="Your logo", class_name="logo-shown"),
                rx.el.p(
                    icon("company"),
                    " No logo yet: your initials stand in its place.",
                    class_name="quiet",
                ),
            ),
            field(
                "Logo file",
                upload,
                field_id="field-logo",
                hint="PNG, JPEG, WebP or GIF up to 5 MB, shown at about 200 × 60. From "
                "800 pixels wide on it prints sharply. Export an SVG as a PNG first.",
                error=State.errors["logo"],
            ),
            class_name="panel-body stack",
        ),
        class_name="panel",
        aria_label="Logo",
    )


def _look() -> list[rx.Component]:
    return [
        rx.el.fieldset(
            rx.el.legend("Look of documents", class_name="visually-hidden"),
            rx.el.div(
                *(_look_choice(look, words) for look, words in _LOOKS),
                class_name="looks",
            ),
            class_name="span-12",
        ),
        field(
            "Colour",
            text_input(
                "accent",
                default_value=State.page.accent,
                on_change=State.type_accent.debounce(_TYPING_MS),
                max_length=7,
            ),
            hint="As # and six digits. It is shifted until it can be read.",
            error=State.errors["accent"],
            class_name="span-4",
        ),
        rx.el.div(
            _sample("In the light", State.shown, State.shown_ink),
            _sample("In the dark", State.shown_dark, State.shown_dark_ink, "-dark"),
            class_name="span-8 form-end brands-shown",
        ),
    ]


def _look_choice(look: Look, words: str) -> rx.Component:
    """Draw one look as a small sheet, to be chosen like any radio button."""
    return rx.el.label(
        rx.el.input(
            type="radio",
            name="look",
            value=look,
            checked=State.look == look,
            on_change=State.choose_look(look),
            class_name="visually-hidden",
        ),
        rx.el.span(
            class_name=f"look-sheet look-{look}",
            style={"--look": State.shown},
            custom_attrs={"aria-hidden": "true"},
        ),
        words,
        class_name="look",
    )


def _sample(
    words: str, colour: rx.Var[str], ink: rx.Var[str], theme: str = ""
) -> rx.Component:
    """Draw a button as customers see it; `theme` is the end of its class."""
    return rx.el.p(
        rx.el.span(words, class_name="truncate"),
        rx.el.b("Pay now", style={"background": colour, "color": ink}),
        class_name=f"brand-shown brand-shown{theme}" if theme else "brand-shown",
    )
