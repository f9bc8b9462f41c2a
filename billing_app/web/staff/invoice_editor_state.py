"""The invoice builder's state: what is typed, what it comes to, when it is saved."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, fields, replace
from typing import Any

import reflex as rx

from billing_app import runtime
from billing_app.documents.render import render_sheet
from billing_app.domain.document import Look, Party
from billing_app.domain.draft import DraftForm, LineForm, ReadDraft, read_draft
from billing_app.domain.errors import BillingError, InvalidInput, StaleDraft
from billing_app.domain.formats import format_amount, format_money
from billing_app.domain.preview import preview_document
from billing_app.domain.totals import Totals
from billing_app.queries import drafts as queries
from billing_app.queries.drafts import CustomerChoice, Desk
from billing_app.services import customers, drafts, invoices
from billing_app.services.customers import CustomerForm
from billing_app.web.doors import StaffState, staff_door, staff_watch

FIELDS = frozenset(
    [
        "issued_on",
        "due_on",
        "purchase_order",
        "currency",
        "discount",
        "notes",
        "terms",
        "look",
    ]
)
LINE_FIELDS = frozenset(x.name for x in fields(LineForm)) - {"key"}
AUTOSAVE_SECONDS = 1.2
# A missing key would reach the page as "undefined", which is not an empty text.
NO_PROBLEMS = dict.fromkeys((*FIELDS, "lines"), "")


@dataclass(frozen=True, slots=True)
class EditorLine:
    """A line as its inputs start out. What is typed afterwards stays in them."""

    key: str
    name: str
    description: str
    quantity: str
    unit: str
    unit_price: str
    discount: str
    tax_id: str


@dataclass(frozen=True, slots=True)
class Sum:
    """One row under the lines, such as the tax of a rate."""

    label: str
    amount: str


class InvoiceEditorState(StaffState, rx.State):
    """One draft on the builder. The texts live in the browser's fields; the server
    holds its own copy, computes and saves.

    Attributes:
        shows: edit or preview, where there is room for one only.
        opened: changes whenever the fields have to be drawn anew.
        saved: changes with each save, so that the browser can drop its own copy.
        amounts, problems: by line key.
    """

    invoice_id: int = 0
    opened: str = ""
    saved: str = ""
    saved_words: str = ""
    is_editable: bool = False
    is_stale: bool = False
    form: dict[str, str] = {}  # noqa: RUF012
    lines: list[EditorLine] = []  # noqa: RUF012
    amounts: dict[str, str] = {}  # noqa: RUF012
    problems: dict[str, str] = {}  # noqa: RUF012
    wrong_field: dict[str, str] = {}  # noqa: RUF012
    field_problems: dict[str, str] = {}  # noqa: RUF012
    taxes: list[tuple[str, str]] = []  # noqa: RUF012
    customer_name: str = ""
    customer_hint: str = ""
    customer_problem: str = ""
    choices: list[str] = []  # noqa: RUF012
    is_new_customer: bool = False
    currency: str = ""
    due_hint: str = ""
    sums: list[Sum] = []  # noqa: RUF012
    subtotal: str = ""
    tax: str = ""
    total: str = ""
    to_fix: str = ""
    preview: str = ""
    focus_key: str = ""
    shows: str = "edit"

    _version: int = 0
    _draft: DraftForm = DraftForm()
    _desk: Desk | None = None
    _buyer: Party = Party("")
    _customer: CustomerChoice | None = None
    _is_dirty: bool = False
    _next_key: int = 1
    _removed: dict[str, tuple[int, LineForm]] = {}  # noqa: RUF012

    # Opening

    @staff_door
    async def start(self) -> Any:
        """Open a fresh draft and go to its own address."""
        customer = self._query("customer")
        customer_id = int(customer) if re.fullmatch("[0-9]{1,15}", customer) else 0
        saved = await self._run(drafts.start_draft, customer_id)
        return rx.redirect(f"/invoices/{saved.invoice_id}/edit", replace=True)

    @staff_door
    async def open(self) -> Any:
        """Load the draft named in the address."""
        opened = await self._run(queries.open_draft, self._segment_id(1))
        if opened.state != "draft":
            return rx.redirect(f"/invoices/{opened.invoice_id}")
        self.invoice_id, self._version = opened.invoice_id, opened.version
        self._desk, self._buyer, self._customer = (
            opened.desk,
            opened.buyer,
            opened.customer,
        )
        self._draft = replace(opened.form, lines=self._keyed(opened.form.lines))
        self.currency = opened.currency
        self.taxes = [("", "No tax"), *((x.id, x.label) for x in opened.desk.taxes)]
        self.is_editable, self.is_stale = not opened.is_deleted, False
        self._is_dirty = False
        self.saved_words = "Saved"
        self._draw()
        self._show_customer()
        await self._compute()
        return None

    @staff_watch
    async def autosave(self) -> None:
        """Save a moment after typing stops, for as long as the page is open."""
        while True:
            await asyncio.sleep(AUTOSAVE_SECONDS)
            async with self:
                if self._is_dirty and not self.is_stale and self.is_editable:
                    await self._save_quietly()

    @staff_door
    async def show(self, which: str) -> None:
        """On a phone, turn between the fields and the preview."""
        self.shows = "preview" if which == "preview" else "edit"

    # Typing

    @staff_door
    async def set_field(self, name: str, value: str) -> None:
        if name not in FIELDS:
            raise InvalidInput("That field does not exist.")
        if name == "look" and value not in list(Look):
            raise InvalidInput("Choose a look from the list.")
        self._draft = replace(self._draft, **{name: value})
        self.form = {**self.form, name: value}
        if name == "currency" and len(value) == 3:
            self.currency = value
        await self._changed()

    @staff_door
    async def set_line(self, key: str, name: str, value: str) -> None:
        if name not in LINE_FIELDS:
            raise InvalidInput("That field does not exist.")
        self._draft = replace(
            self._draft,
            lines=tuple(
                replace(line, **{name: value}) if line.key == key else line
                for line in self._draft.lines
            ),
        )
        await self._changed()

    @staff_door
    async def add_line(self) -> None:
        """Add a line at the end, taxed like the one before, and go there."""
        await self._append_line()

    @staff_door
    async def add_line_by_enter(self, form_data: dict) -> None:  # type: ignore[type-arg]
        """Enter in a line's field submits the lines; what they hold is known."""
        del form_data
        await self._append_line()

    async def _append_line(self) -> None:
        before = self._draft.lines[-1:] or (LineForm(tax_id=self._default_tax()),)
        line = LineForm(key=self._new_key(), tax_id=before[0].tax_id)
        self._draft = replace(self._draft, lines=(*self._draft.lines, line))
        self.focus_key = line.key
        self._draw_lines()
        await self._changed()

    @staff_door
    async def remove_line(self, key: str) -> None:
        for index, line in enumerate(self._draft.lines):
            if line.key == key:
                self._removed[self._notify("Line removed.", "Undo")] = (index, line)
        self._keep([line for line in self._draft.lines if line.key != key])
        await self._changed()

    @staff_door
    async def undo(self, key: str) -> None:
        """Put a removed line back where it was."""
        if key in self._removed:
            index, line = self._removed.pop(key)
            lines = list(self._draft.lines)
            lines.insert(index, line)
            self._keep(lines)
            await self._changed()
        self.notices = [notice for notice in self.notices if notice.key != key]

    @staff_door
    async def move_line(self, key: str, step: int) -> None:
        lines = list(self._draft.lines)
        index = next((i for i, line in enumerate(lines) if line.key == key), -1)
        target = index + (1 if step > 0 else -1)
        if index < 0 or not 0 <= target < len(lines):
            return
        lines[index], lines[target] = lines[target], lines[index]
        self._keep(lines)
        await self._changed()

    @staff_door
    async def restore(self, kept: str) -> None:
        """Take what a browser kept through a lost connection or a reload."""
        try:
            typed = json.loads(kept)
        except ValueError:
            return
        if not isinstance(typed, dict) or not self.is_editable:
            return
        form, lines = self._draft, {line.key: line for line in self._draft.lines}
        for name, value in list(typed.items())[:5_000]:
            if not isinstance(value, str) or not isinstance(name, str):
                continue
            if name in FIELDS:
                form = replace(form, **{name: value})
            kind, _, rest = name.partition(":")
            key, _, part = rest.partition(":")
            if kind == "line" and part in LINE_FIELDS and key in lines:
                lines[key] = replace(lines[key], **{part: value})
        restored = replace(form, lines=tuple(lines.values()))
        if restored == self._draft:
            self.saved = self._stamp()
            return
        self._draft = restored
        self._draw()
        await self._changed()
        self._notify("What you had typed before is back.")

    # The customer

    @staff_door
    async def type_customer(self, typed: str) -> None:
        """Look up what is typed; an exact name chooses that customer."""
        self.customer_name = typed
        found = await self._run(queries.list_choices, typed)
        self.choices = [choice.name for choice in found]
        wanted = typed.strip().casefold()
        exact = [choice for choice in found if choice.name.casefold() == wanted]
        self.is_new_customer = bool(wanted) and not exact
        self.customer_problem = ""
        chosen = exact[0] if exact else None
        if (chosen.id if chosen else 0) == self._draft.customer_id:
            return
        await self._choose(chosen.id if chosen else 0)

    @staff_door
    async def create_customer(self, form_data: dict) -> None:  # type: ignore[type-arg]
        """Add the customer typed in the picker and bill them."""
        known = {x.name for x in fields(CustomerForm)}
        typed = {k: v for k, v in form_data.items() if k in known and type(v) is str}
        typed["name"] = typed.get("name") or self.customer_name
        try:
            customer_id = await self._run(
                customers.create_customer, CustomerForm(**typed)
            )
        except InvalidInput as refusal:
            self.customer_problem = refusal.message
            return
        self.is_new_customer = False
        await self._choose(customer_id)
        self._notify(f"{self.customer_name} is a customer now.")

    # Saving and issuing

    @staff_door
    async def save(self) -> None:
        await self._save()
        self.saved_words = "Draft saved"

    @staff_door
    async def issue(self) -> Any:
        await self._save()
        issued = await self._refusing(invoices.issue, self.invoice_id, self._version)
        return rx.redirect(f"/invoices/{issued.invoice_id}") if issued else None

    @staff_door
    async def publish(self) -> Any:
        """Save, issue and publish in one click."""
        await self._save()
        issued = await self._refusing(
            invoices.issue_and_publish, self.invoice_id, self._version
        )
        return rx.redirect(f"/invoices/{issued.invoice_id}") if issued else None

    @staff_door
    async def delete(self) -> Any:
        await self._run(drafts.delete_draft, self.invoice_id)
        self.is_editable = False
        return rx.redirect(f"/invoices?deleted={self.invoice_id}")

    async def _refusing(self, work: Any, *args: Any) -> Any:
        """Run a service; put its refusal beside the field it names."""
        try:
            return await self._run(work, *args)
        except InvalidInput as refusal:
            if refusal.field == "customer":
                self.customer_problem = refusal.message
            elif refusal.field:
                self.field_problems = {
                    **self.field_problems,
                    refusal.field: refusal.message,
                }
            self._notify(refusal.message)
            return None

    async def _save(self) -> None:
        try:
            saved = await self._run(
                drafts.save_draft, self.invoice_id, self._version, self._draft
            )
        except StaleDraft:
            self.is_stale = True
            self.saved_words = "Not saved"
            raise
        self._version, self._is_dirty = saved.version, False
        self.saved = self._stamp()

    async def _save_quietly(self) -> None:
        try:
            await self._save()
            self.saved_words = "Saved"
        except BillingError as refusal:
            self._is_dirty = False
            self.saved_words = "Not saved"
            self._notify(refusal.message)

    # Drawing

    async def _changed(self) -> None:
        self._is_dirty = True
        self.saved_words = "Saving…"
        await self._compute()

    async def _compute(self) -> None:
        """Read, add up and draw the preview; long drafts off the event loop."""
        if self._desk is None:
            return
        if len(self._draft.lines) > 40:
            shown = await asyncio.to_thread(self._read_and_render)
        else:
            shown = self._read_and_render()
        read, self.preview = shown
        self._show_totals(read)

    def _read_and_render(self) -> tuple[ReadDraft, str]:
        desk = self._desk
        assert desk is not None
        read = read_draft(self._draft, self.currency, desk.rules)
        document = preview_document(
            self._draft,
            read,
            today=desk.today,
            net_days=self._net_days(),
            language=desk.language,
            seller=desk.seller,
            buyer=self._buyer,
            branding=replace(
                desk.branding, look=Look(self._draft.look or desk.branding.look)
            ),
            bank=desk.bank,
        )
        logo = desk.branding.logo_digest
        return read, str(render_sheet(document, f"/logo/{logo}.png" if logo else ""))

    def _show_totals(self, read: ReadDraft) -> None:
        keys = [line.form.key for line in read.lines]
        totals, language = read.totals, "en"
        self.amounts = dict.fromkeys((x.key for x in self._draft.lines), "") | {
            key: "–" if amount is None else format_amount(amount.minor, amount.currency)
            for key, amount in zip(keys, read.amounts, strict=True)
        }
        wrong = [line for line in read.lines if line.problem]
        unharmed = dict.fromkeys((x.key for x in self._draft.lines), "")
        self.problems = unharmed | {x.form.key: x.problem for x in wrong}
        self.wrong_field = unharmed | {x.form.key: x.problem_field for x in wrong}
        self.field_problems = {**NO_PROBLEMS, **read.problems}
        self.sums = _sums(totals, language)
        self.subtotal = _money(totals.amount_sum.minor, totals)
        self.tax = _money(totals.tax_total.minor, totals)
        self.total = _money(totals.total.minor, totals)
        count = read.problem_count
        lines = "1 thing" if count == 1 else f"{count} things"
        self.to_fix = f"{lines} to fix before you issue" if count else ""
        self.due_hint = f"Empty means {self._net_days()} days after the issue date"

    def _draw(self) -> None:
        """Make the browser build its fields anew from what the server holds."""
        self.opened = self._stamp()
        form = self._draft
        self.form = {name: getattr(form, name) for name in FIELDS}
        self._draw_lines()

    def _draw_lines(self) -> None:
        self.lines = [
            EditorLine(
                key=line.key,
                name=line.name,
                description=line.description,
                quantity=line.quantity,
                unit=line.unit,
                unit_price=line.unit_price,
                discount=line.discount,
                tax_id=line.tax_id,
            )
            for line in self._draft.lines
        ]

    def _keep(self, lines: list[LineForm]) -> None:
        self._draft = replace(self._draft, lines=tuple(lines))
        self._draw_lines()

    async def _choose(self, customer_id: int) -> None:
        self._customer, self._buyer = None, Party(self.customer_name)
        if customer_id:
            self._customer, self._buyer = await self._run(
                queries.read_choice, customer_id
            )
            self._show_customer()
            if self._customer.currency:
                self.currency = self._customer.currency
        else:
            self.customer_hint = ""
        self._draft = replace(self._draft, customer_id=customer_id)
        await self._changed()

    def _show_customer(self) -> None:
        chosen = self._customer
        if chosen is None:
            self.customer_name = self.customer_hint = ""
            return
        self.customer_name = chosen.name
        mail = f"mail to {chosen.email}" if chosen.email else "no e-mail address yet"
        self.customer_hint = f"Net {chosen.net_days}, {mail}"

    def _net_days(self) -> int:
        assert self._desk is not None
        return self._customer.net_days if self._customer else self._desk.net_days

    def _default_tax(self) -> str:
        taxes = self._desk.taxes if self._desk else ()
        return next((tax.id for tax in taxes if tax.is_default), "")

    def _keyed(self, lines: tuple[LineForm, ...]) -> tuple[LineForm, ...]:
        """Give every line a key of its own, and at least one line to type into."""
        kept = lines or (LineForm(tax_id=self._default_tax()),)
        self._next_key = len(kept) + 1
        return tuple(
            replace(line, key=f"line-{index + 1}") for index, line in enumerate(kept)
        )

    def _new_key(self) -> str:
        taken = {line.key for line in self._draft.lines}
        while f"line-{self._next_key}" in taken:
            self._next_key += 1
        self._next_key += 1
        return f"line-{self._next_key - 1}"

    def _stamp(self) -> str:
        return runtime.current().now().isoformat()


def _money(minor: int, totals: Totals) -> str:
    return format_money(minor, totals.currency)


def _sums(totals: Totals, language: str) -> list[Sum]:
    """Return the rows between subtotal and tax: discounts and each tax group."""
    del language
    rows = [Sum("Discount", _money(-x.amount.minor, totals)) for x in totals.allowances]
    several = len(totals.tax_groups) > 1
    groups = totals.tax_groups if several else ()
    return rows + [Sum(x.name, _money(x.tax.minor, totals)) for x in groups]
