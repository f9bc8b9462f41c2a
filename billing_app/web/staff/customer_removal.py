"""Deleting a customer, and merging one who was recorded twice: two dialogs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx

from billing_app.queries.customer_removal import MergePreview, preview_merge
from billing_app.queries.customers import list_choices
from billing_app.services.customer_removal import delete_customer, merge_customers
from billing_app.web import formats
from billing_app.web.components.controls import button, search_field
from billing_app.web.components.dialogs import confirm_dialog, dialog
from billing_app.web.doors import StaffState, staff_door

# As the card of a customer calls them.
_FIELDS = {
    "email": "email",
    "contact_name": "contact",
    "phone": "phone",
    "vat_id": "VAT number",
    "registration": "registration",
    "electronic_address": "e-invoice address",
    "reference": "reference",
    "address": "address",
    "country": "country",
    "custom_fields": "your own fields",
}
_CHOICES_MAX = 6


@dataclass(frozen=True, slots=True)
class KeptChoice:
    """A customer to merge into."""

    id: int
    name: str
    email: str


class CustomerRemovalState(StaffState, mixin=True):
    """A customer's page from which the customer can go.

    Attributes:
        kept_choices: who can be kept, as typed.
        kept_id: who was chosen; 0 for nobody yet.
        moves, stays: what the merge does, a sentence each.
    """

    is_merging: bool = False
    kept_choices: list[KeptChoice] = []  # noqa: RUF012  (Reflex copies the default)
    kept_id: int = 0
    kept_name: str = ""
    moves: list[str] = []  # noqa: RUF012
    stays: list[str] = []  # noqa: RUF012

    @staff_door
    async def delete(self) -> Any:
        await self._run(delete_customer, self._segment_id(1))
        return rx.redirect("/customers")

    @staff_door
    async def start_merging(self) -> None:
        self.kept_id, self.kept_name = 0, ""
        self.moves, self.stays = [], []
        await self.find_kept("")
        self.is_merging = True

    @staff_door
    async def stop_merging(self) -> None:
        self.is_merging = False

    @staff_door
    async def find_kept(self, text: str) -> None:
        """Offer customers whose name or email holds what is typed."""
        found = await self._run(list_choices, text)
        others = [x for x in found if x.id != self._segment_id(1)]
        self.kept_choices = [
            KeptChoice(x.id, x.name, x.email) for x in others[:_CHOICES_MAX]
        ]

    @staff_door
    async def choose_kept(self, customer_id: int) -> None:
        """Say what merging into this one would do."""
        shown = await self._run(preview_merge, self._segment_id(1), customer_id)
        self.kept_id, self.kept_name = shown.kept_id, shown.kept_name
        self.moves, self.stays = _moves(shown), _stays(shown)

    @staff_door
    async def merge(self) -> Any:
        if not self.kept_id:
            return None
        await self._run(merge_customers, self._segment_id(1), self.kept_id)
        self.is_merging = False
        self._notify(f"Merged. From now on it is {self.kept_name}.")
        return rx.redirect(f"/customers/{self.kept_id}")


def _moves(it: MergePreview) -> list[str]:
    counted = [
        formats.count_of(count, noun)
        for count, noun in ((it.drafts, "draft"), (it.events, "unbilled event"))
        if count
    ]
    fields = dict.fromkeys(_FIELDS[x] for x in it.fields if x in _FIELDS)
    return [
        *([f"{' and '.join(counted)} will bill {it.kept_name}."] if counted else []),
        *(
            [f"{', '.join(it.addresses)} will be on its list of contacts."]
            if it.addresses
            else []
        ),
        *([f"Filled in where empty: {', '.join(fields)}."] if fields else []),
        f"{it.merged_name} is archived, and points to {it.kept_name}.",
    ]


def _stays(it: MergePreview) -> list[str]:
    if not it.issued and not it.payments:
        return []
    counted = [
        formats.count_of(count, noun)
        for count, noun in ((it.issued, "invoice"), (it.payments, "payment"))
        if count
    ]
    return [
        f"{' and '.join(counted)} on record, as issued: a document never changes.",
        "Their links and portal go on working; payments are recorded there as before.",
    ]


def delete_dialog(state: Any) -> rx.Component:
    return confirm_dialog(
        "Delete this customer?",
        "Contacts and links go, too, and it can't be undone. One that was ever billed, "
        "or has anything else on record, can only be archived.",
        dialog_id="delete-customer",
        keep="Keep customer",
        confirm=button(
            "Delete customer", kind="danger", closes=True, on_click=state.delete
        ),
    )


def merge_dialog(state: Any, name: rx.Var[str]) -> rx.Component:
    chosen = state.kept_id != 0
    return dialog(
        "Merge customers",
        rx.el.p(
            rx.el.b(name),
            " was recorded twice. Which one do you keep?",
            class_name="secondary",
        ),
        search_field(
            "Customer to keep",
            placeholder="Name or email",
            on_change=state.find_kept.debounce(250),
            max_length=200,
        ),
        rx.el.div(
            rx.foreach(state.kept_choices, lambda it: _choice(state, it)),
            role="radiogroup",
            aria_label="Customer to keep",
            class_name="stack",
        ),
        rx.el.div(
            rx.cond(
                chosen,
                rx.fragment(
                    _sentences("What moves", state.moves),
                    rx.cond(
                        state.stays.length() > 0,
                        _sentences("What stays", state.stays),
                        rx.fragment(),
                    ),
                ),
                rx.fragment(),
            ),
            class_name="stack",
            custom_attrs={"aria-live": "polite"},
        ),
        dialog_id="merge-customers",
        lead="This can't be undone.",
        actions=[
            rx.el.span(class_name="spacer"),
            button("Cancel", closes=True),
            button(
                # A name can be longer than a phone is wide; the choice above has it.
                "Merge",
                kind="danger",
                on_click=state.merge,
                disabled=~chosen,
            ),
        ],
        open=state.is_merging,
        on_close=state.stop_merging,
        width="560px",
    )


def _choice(state: Any, it: rx.vars.ObjectVar[KeptChoice]) -> rx.Component:
    return rx.el.label(
        rx.el.input(
            type="radio",
            name="kept",
            value=it.id.to_string(),
            checked=state.kept_id == it.id,
            on_change=lambda _: state.choose_kept(it.id),
            class_name="radio",
        ),
        rx.el.span(it.name, " ", rx.el.span(it.email, class_name="secondary")),
        class_name="check",
        key=it.id.to_string(),
    )


def _sentences(title: str, sentences: rx.Var[list[str]]) -> rx.Component:
    return rx.el.section(
        rx.el.h3(title),
        rx.el.ul(rx.foreach(sentences, rx.el.li), class_name="sentences"),
    )
