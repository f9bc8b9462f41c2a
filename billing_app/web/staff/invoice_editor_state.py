"""The invoice builder's state: what is typed, what it comes to, when it is saved."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import reflex as rx
from sqlalchemy.exc import SQLAlchemyError

from billing_app import runtime
from billing_app.database.secrets import digest
from billing_app.documents.render import render_sheet
from billing_app.domain.before_issue import NO_BUYER_ADDRESS, list_lacking
from billing_app.domain.billable_event import Grouping, is_event_key
from billing_app.domain.contact import plain_key
from billing_app.domain.cookies import guest_cookie, read_cookie
from billing_app.domain.currencies import is_currency
from billing_app.domain.custom_fields import FilledField
from billing_app.domain.dates import Moment
from billing_app.domain.document import Look, Party
from billing_app.domain.draft import (
    DraftForm,
    DraftRules,
    LineForm,
    ReadDraft,
    read_draft,
)
from billing_app.domain.errors import (
    BillingError,
    Conflict,
    DiskFull,
    InvalidInput,
    NotFound,
    StaleDraft,
    TotalChanged,
)
from billing_app.domain.invoice import LINES_MAX
from billing_app.domain.invoice_mode import InvoiceMode
from billing_app.domain.late_fee import LateFeeRule
from billing_app.domain.portal_settings import VisibleOn
from billing_app.domain.preview import preview_document
from billing_app.domain.product import filled
from billing_app.domain.terms_words import find_other_days
from billing_app.domain.totals import Totals
from billing_app.queries import drafts as queries
from billing_app.queries.billable_events import list_on_draft, sum_unbilled
from billing_app.queries.drafts import CustomerChoice, Desk, TaxChoice
from billing_app.queries.guest_drafts import read_told
from billing_app.queries.products import find_product, list_offers
from billing_app.services import customers, drafts
from billing_app.services.paid_drafts import PAYMENT
from billing_app.web import formats
from billing_app.web.doors import staff_door, staff_watch
from billing_app.web.staff.builder_state import BuilderState, Change, date_hints
from billing_app.web.staff.customer_form import read_form
from billing_app.web.staff.invoice_editor_cancel import CancelledDraftState
from billing_app.web.staff.invoice_editor_catalogue import (
    EditorCatalogueState,
    typed_name,
)
from billing_app.web.staff.invoice_editor_lacking import LackingState
from billing_app.web.staff.invoice_editor_lines import (
    FIELDS,
    EditorLinesState,
    keyed,
    new_key,
    only_texts,
    with_texts,
)
from billing_app.web.staff.invoice_editor_payment import PaidDraft, PaidDraftState
from billing_app.web.staff.invoice_editor_share import SharedDraftState
from billing_app.web.staff.invoice_words import paper_words
from billing_app.web.staff.mail_words import publish_words
from billing_app.web.staff.own_fields import OwnField, all_asked, asked
from billing_app.web.staff.record import RecordState

AUTOSAVE_SECONDS = 1.2
# Older than any version of a draft.
NOTHING_SAVED = 0
NO_TAX = "No tax"
# A missing key would reach the page as "undefined", which is not an empty text.
NO_PROBLEMS = dict.fromkeys((*FIELDS, "lines"), "")


class InvoiceEditorState(
    BuilderState,
    RecordState,
    PaidDraftState,
    SharedDraftState,
    CancelledDraftState,
    LackingState,
    rx.State,
):
    """One draft on the builder of the staff.

    Attributes:
        lacks: why it would be issued as a plain PDF, without an e-invoice inside.
        is_stale: somebody else saved meanwhile; what is typed here is not saved.
        rival: who saved meanwhile, as a sentence about it begins.
        has_mine: theirs is shown, and what was typed here can be had back.
        charged: what the percentage of the job comes to.
        told: how it differs from the guest's invoice that it was made of.
        unbilled: how many events of the customer wait to be billed, in words.
        tax_currency: what tax is owed in, where that is not the invoice's.
    """

    invoice_id: int = 0
    is_editable: bool = False
    is_stale: bool = False
    rival: str = ""
    has_mine: bool = False
    customer_name: str = ""
    customer_hint: str = ""
    customer_href: str = ""
    customer_problem: str = ""
    choices: list[str] = []  # noqa: RUF012  (Reflex copies the defaults)
    is_new_customer: bool = False
    currency: str = ""
    visible_on: str = "publish"
    publish_hint: str = ""
    currency_hint: str = ""
    terms_warning: str = ""
    lacks: str = ""
    told: list[str] = []  # noqa: RUF012
    unbilled: str = ""
    mode: str = InvoiceMode.LINES.value
    charged: str = ""
    own_fields: list[OwnField] = []  # noqa: RUF012
    tax_currency: str = ""

    _first_version: int = 0
    _has_products: bool = False
    _draft: DraftForm = DraftForm()
    _mine: DraftForm = DraftForm()
    _desk: Desk | None = None
    _buyer: Party = Party("")
    _customer: CustomerChoice | None = None
    _billed: dict[str, str] = {}  # noqa: RUF012

    # Opening

    @staff_door
    async def start(self) -> Any:
        """Open a fresh draft and go to its own address."""
        # What was just typed makes that draft no fresh one.
        await self._keep()
        customer = self._query("customer")
        customer_id = int(customer) if re.fullmatch("[0-9]{1,15}", customer) else 0
        saved = await self._run(drafts.start_draft, customer_id)
        return rx.redirect(f"/invoices/{saved.invoice_id}/edit", replace=True)

    @staff_door
    async def open(self) -> Any:
        """Load the draft named in the address."""
        if self._is_dirty:
            # Of the draft that was here before: its order is in no browser.
            await self._keep()
        wanted = self._segment_id(1)
        try:
            opened = await self._run(queries.open_draft, wanted)
        except NotFound:
            # The page of the invoice says so, in the same words for all of them.
            return rx.redirect(f"/invoices/{wanted}", replace=True)
        if opened.state != "draft" or opened.is_cancelled:
            return rx.redirect(f"/invoices/{opened.invoice_id}")
        is_ours = (self.invoice_id, self.version) == (opened.invoice_id, opened.version)
        if not is_ours:
            self._first_version = opened.version
        self.is_editable, self.is_stale, self.has_mine = True, False, False
        self.heard = self.saved = 0
        await self._take(opened)
        self._show_here()
        if opened.is_deleted:
            self.is_editable = False
            self._say("Deleted")
            self._offer_undo("This draft was deleted.", opened.invoice_id, "Restore")
        if self._query("copied") and opened.version == 1:
            await self._compare_with_original()
        self.told = await self._read_told() if self._query("kept") else []
        return None

    async def _read_told(self) -> list[str]:
        """Return what of a guest's invoice is otherwise in this draft."""
        name = guest_cookie(runtime.current().settings.is_https)
        token = read_cookie(self.router.headers.cookie, name)
        told = await self._run(read_told, digest(token), self.invoice_id)
        return ["It is a draft of this workspace now.", *told] if token else []

    @staff_door
    async def forget_told(self) -> None:
        self.told = []

    async def _compare_with_original(self) -> None:
        """Say at once what a copy could not take over."""
        facts = await self._run(queries.read_copy, self.invoice_id)
        if facts is not None and facts.leaves_events:
            self._notify(
                "The events of the cancelled draft are not in this copy. They wait "
                "with the customer, unless they were billed since.",
                is_refusal=True,
            )
            return
        if facts is None or facts.copy_minor == facts.source_minor:
            return
        copied = formats.money(facts.copy_minor, facts.currency)
        whole = formats.money(facts.source_minor, facts.currency)
        self._notify(
            f"This copy comes to {copied}, {facts.source_number} to {whole}: taxes "
            "and settings of today apply, and a draft can't hold every discount or "
            "charge of an imported invoice.",
            is_refusal=True,
        )

    async def _take(self, opened: queries.OpenDraft) -> None:
        self.invoice_id, self.version = opened.invoice_id, opened.version
        self._desk, self._buyer = opened.desk, opened.buyer
        self.visible_on = opened.desk.visible_on.value
        self.publish_hint = publish_words(opened.desk.mails_when_published)
        self.may_share = opened.desk.shares_drafts
        self._customer = opened.customer
        lines = opened.form.lines or (LineForm(tax_id=self._first_tax()),)
        self._draft = replace(opened.form, lines=keyed(lines))
        self.currency = opened.currency
        sheet = await self.get_state(EditorLinesState)
        sheet.taxes = _tax_choices(opened.desk.taxes)
        sheet.own = all_asked(opened.desk.rules.line_fields)
        self._is_dirty = False
        self._say("Saved")
        self._show_customer()
        counts = await self._run(list_on_draft, opened.invoice_id)
        self._billed = {
            key: formats.count_of(count, "event") for key, count in counts.items()
        }
        await self._count_unbilled()
        self._has_products = await self._offer("")
        await self._redraw()

    @staff_watch
    async def autosave(self) -> None:
        """Save a moment after typing stops, for as long as the page is open."""
        while True:
            await asyncio.sleep(AUTOSAVE_SECONDS)
            async with self:
                await self._keep()

    @staff_watch
    async def draw(self) -> None:
        """Draw the preview a moment after typing."""
        await self._draw()

    @staff_door
    async def show(self, which: str) -> None:
        """On a phone, turn between the fields and the preview."""
        self.shows = "preview" if which == "preview" else "edit"

    # Typing

    @staff_door
    async def take_typed(self, draft: int, texts: dict, number: int) -> Any:  # type: ignore[type-arg]
        """Take what was typed into fields, by their names."""
        if draft != self.invoice_id:
            # Typed while another draft was on its way: its browser keeps it.
            return None
        self.heard = max(self.heard, number)
        left = await self._apply(with_texts(self._draft, texts))
        name = typed_name(texts)
        if name is not None and self._has_products:
            await self._offer(name)
        if not self._is_dirty:
            self.saved = self.heard
        return left

    async def _apply(self, typed: DraftForm) -> list[Any]:
        if typed == self._draft:
            return []
        if is_currency(typed.currency):
            self.currency = typed.currency
        self._draft = typed
        return await self._typed()

    @staff_door
    async def choose_currency(self, code: str) -> Any:
        """Show the currency chosen; a customer's own may have been shown before."""
        return await self._apply(with_texts(self._draft, {"currency": code}))

    @staff_door
    async def restore(self, kept: dict) -> None:  # type: ignore[type-arg]
        """Take what a browser kept through a lost connection or a reload."""
        version, texts, number = (kept.get(x) for x in ("version", "texts", "number"))
        if type(version) is not int or type(number) is not int:
            return
        if not isinstance(texts, dict) or not self.is_editable:
            return
        if kept.get("draft") != self.invoice_id:
            return
        is_behind = version < self._first_version
        merge = only_texts if is_behind else with_texts
        typed, name = merge(self._draft, texts), texts.get("customer", "")
        self.heard = max(self.heard, number)
        is_renamed = isinstance(name, str) and name not in ("", self.customer_name)
        if typed == self._draft and not is_renamed:
            is_kept_here = not self._is_dirty and not self.is_stale
            self.saved = self.heard if is_kept_here else self.saved
            return
        self._draft = typed
        if is_behind:
            await self._turn_stale()
        else:
            self.is_stale = False
        # What is typed stands on what it stood on, until somebody chooses.
        self.version = version if is_behind else self.version
        if is_renamed:
            await self._look_up(name)
        await self._redraw()
        await self._changed()
        if not is_behind:
            self._notify("What you had typed before is back.")

    @staff_door
    async def choose_mode(self, mode: str) -> Any:
        """Charge by lines, one amount or a percentage; what was typed is kept."""
        draft = self._draft
        if mode not in list(InvoiceMode) or mode == draft.mode:
            return None
        is_new = draft.is_work_blank and not draft.work_tax_id
        tax_id = self._first_tax() if is_new else draft.work_tax_id
        self._draft = replace(draft, mode=mode, work_tax_id=tax_id)
        await self._redraw()
        return await self._arrange(self._draft.lines)

    # Lines

    @staff_door
    async def add_line(self) -> Any:
        return await self._add_line()

    @staff_door
    async def remove_line(self, key: str) -> Any:
        return await self._remove_line(key)

    @staff_door
    async def move_line(self, key: str, step: int) -> Any:
        return await self._move_line(key, step)

    @staff_door
    async def paste(self, key: str, pasted: dict) -> Any:  # type: ignore[type-arg]
        return await self._paste(key, pasted)

    @staff_door
    async def choose_product(self, key: str, product_name: str) -> Any:
        """Fill a line from the catalogue; it keeps its quantity and discount."""
        lines, index = self._draft.lines, self._find_line(key)
        if index < 0 or is_event_key(key):
            return None
        product = await self._run(find_product, product_name)
        if product is None:
            return None
        before = replace(lines[index], name="")
        # A line of another key is drawn anew, with its fields as they are now.
        line = replace(filled(lines[index], product, self.currency), key=new_key())
        if not before.is_blank:
            change = Change((line.key,), ((index, lines[index]),))
            self._offer_undo(f"Filled from {product.name}.", change)
        if product.unit_price is not None and product.currency != self.currency:
            self._notify(
                f"The price of {product.name} is in {product.currency}; this invoice "
                f"is in {self.currency}, so write its price."
            )
        self._go_to(line.key, "unit_price" if not line.unit_price else "quantity")
        return await self._arrange((*lines[:index], line, *lines[index + 1 :]))

    async def _offer(self, typed: str) -> bool:
        """Offer products of this name; tell whether there are any."""
        found = await self._run(list_offers, typed)
        catalogue = await self.get_state(EditorCatalogueState)
        catalogue._offer(found)
        return bool(found)

    @staff_door
    async def undo(self, key: str) -> Any:
        """Take back what a notice told of."""
        change: Change | int | None = self._offered(key)
        await self.dismiss_notice(key)
        if isinstance(change, int):
            await self._run(drafts.restore_draft, change)
            return InvoiceEditorState.open
        if change is None or not self.is_editable:
            return None
        return await self._arrange(change.undo(self._draft.lines))

    @staff_door
    async def keep(self) -> None:
        """Save what was arranged."""
        await self._keep()

    async def _keep(self) -> None:
        if self._is_dirty and not self.is_stale and self.is_editable:
            await self._save_quietly()
            if self._billed:
                await self._count_unbilled()

    # Events

    def _bills(self) -> tuple[int, str]:
        """Return whose events this draft can bill, and in which currency.

        Raises:
            InvalidInput: no customer is chosen.
        """
        if not self._draft.customer_id:
            self.customer_problem = "Choose a customer first."
            raise InvalidInput(self.customer_problem, field="customer")
        return self._draft.customer_id, self.currency

    async def _bill(self, event_ids: list[int], grouping: Grouping) -> None:
        """Add lines for events; what was typed is saved before."""
        await self._save()
        await self._run(
            drafts.bill_events, self.invoice_id, self.version, event_ids, grouping
        )
        before = {line.key for line in self._draft.lines}
        opened = await self._run(queries.open_draft, self.invoice_id)
        self._first_version, self.saved = opened.version, self.heard
        await self._take(opened)
        added = tuple(x.key for x in self._draft.lines if x.key not in before)
        words = formats.count_of(len(event_ids), "event")
        self._offer_undo(f"{words} added.", Change(added))

    async def _count_unbilled(self) -> None:
        self.unbilled = ""
        if self._draft.customer_id:
            found = await self._run(sum_unbilled, self._draft.customer_id)
            self.unbilled = f"{found.count:,}" if found.count else ""

    # The customer

    @staff_door
    async def type_customer(self, typed: str) -> None:
        """Look up what is typed; an exact name chooses that customer."""
        await self._look_up(typed)

    async def _look_up(self, typed: str) -> None:
        self.customer_name = typed
        found = await self._run(queries.list_choices, typed)
        self.choices = [choice.name for choice in found]
        wanted = typed.strip().casefold()
        alike = [it for it in found if plain_key(it.name) == plain_key(wanted)]
        exact = [it for it in alike if it.name.casefold() == wanted]
        if len(alike) == 1:
            exact = alike
        self.is_new_customer = bool(wanted) and not exact
        self.customer_problem = ""
        chosen = exact[0] if exact else None
        if (chosen.id if chosen else 0) == self._draft.customer_id:
            return
        await self._choose(chosen.id if chosen else 0)

    @staff_door
    async def create_customer(self, form: dict[str, Any]) -> None:
        """Add the customer typed in the picker and bill them."""
        typed = read_form(form)
        named = replace(typed, name=typed.name or self.customer_name)
        try:
            customer_id = await self._run(customers.create_customer, named)
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
        self._say(f"Saved {self._time()}")

    @staff_door
    async def issue(self, shown: str) -> Any:
        """Save and issue, where it comes to the total that was shown at the press."""
        self._check_shown(shown)
        return await self._issue_or_ask("issue")

    @staff_door
    async def publish(self, shown: str) -> Any:
        """Save, issue and publish in one click; as `issue`."""
        self._check_shown(shown)
        return await self._issue_or_ask("publish")

    @staff_door
    async def duplicate(self, form: dict[str, Any]) -> Any:
        """Copy the draft as it stands and go to the copy."""
        await self._save()
        copy = await self._run(drafts.duplicate, self.invoice_id)
        return rx.redirect(f"/invoices/{copy.invoice_id}/edit?copied=1")

    @staff_door
    async def delete(self) -> Any:
        await self._run(drafts.delete_draft, self.invoice_id)
        self.is_editable = False
        return rx.redirect(f"/invoices?deleted={self.invoice_id}")

    @staff_door
    async def take_over(self) -> None:
        """Save what is typed here in place of what somebody else saved."""
        theirs = await self._run(queries.open_draft, self.invoice_id)
        self.version = self._first_version = theirs.version
        self.is_stale = self.has_mine = False
        await self._save()
        self._say(f"Saved {self._time()}")

    @staff_door
    async def show_theirs(self) -> None:
        """Show what somebody else saved, and keep what was typed here at hand."""
        self._mine = self._draft
        opened = await self._run(queries.open_draft, self.invoice_id)
        self._first_version = opened.version
        self.is_stale, self.has_mine, self.saved = False, True, self.heard
        await self._take(opened)

    @staff_door
    async def show_mine(self) -> None:
        """Go back to what was typed here; saving it is a choice of its own."""
        if not self.has_mine:
            return
        self._draft, self.has_mine = self._mine, False
        await self._turn_stale()
        self.version = NOTHING_SAVED
        self._say("Not saved")
        if self._draft.customer_id:
            self._customer, self._buyer = await self._run(
                queries.read_choice, self._draft.customer_id
            )
            self._show_customer()
        await self._redraw()

    @staff_door
    async def forget_mine(self) -> None:
        self.has_mine, self._mine = False, DraftForm()

    def _asks(self) -> PaidDraft:
        if self._desk is None:
            raise InvalidInput("Open an invoice first.")
        read = self._read()
        return PaidDraft(
            read.totals.due,
            issued_on=read.issued_on or self._desk.today,
            today=self._desk.today,
            is_shown=self._desk.visible_on == VisibleOn.ISSUE,
            email=self._customer.email if self._customer else "",
        )

    def _check_shown(self, shown: str) -> None:
        """Refuse a press that came before the answer to what was typed last."""
        if self.is_editable and shown != self.total:
            raise Conflict(f"The total is now {self.total}. Look again and issue.")

    async def _issue_by(self, step: Any, *args: Any) -> Any:
        # A second click finds the draft issued and changes nothing.
        if not self.is_editable:
            return None
        await self._save()
        at = (self.invoice_id, self.version)
        issued = await self._refusing(step, *at, *args, shown=self._read().totals)
        if issued is None:
            self.refused += 1
            return None
        self.is_editable = False
        return rx.redirect(f"/invoices/{issued.invoice_id}")

    async def _refusing(self, work: Any, *args: Any, **shown: Totals) -> Any:
        """Run a service; put its refusal beside the field it names."""
        try:
            return await self._run(work, *args, **shown)
        except TotalChanged as refusal:
            # Taxes or settings changed since the page read them.
            await self._take(await self._run(queries.open_draft, self.invoice_id))
            self._notify(refusal.message, is_refusal=True)
            return None
        except InvalidInput as refusal:
            if (refusal.field or "").startswith(PAYMENT):
                raise
            if refusal.field == "customer":
                self.customer_problem = refusal.message
            elif refusal.field:
                self.field_problems = {
                    **self.field_problems,
                    refusal.field: refusal.message,
                }
                self._point_at_own(refusal)
            self._notify(refusal.message, is_refusal=True)
            return None

    def _point_at_own(self, refusal: InvalidInput) -> None:
        self.own_fields = [
            replace(own, problem=refusal.message) if own.name == refusal.field else own
            for own in self.own_fields
        ]

    async def _save(self) -> None:
        if self.is_stale:
            # The focus goes where the choice is.
            self.refused += 1
            raise StaleDraft(f"{self.rival} saved this draft meanwhile. Choose which.")
        try:
            saved = await self._run(
                drafts.save_draft, self.invoice_id, self.version, self._draft
            )
        except StaleDraft:
            await self._turn_stale()
            self._say("Not saved")
            raise
        self.version, self._is_dirty = saved.version, False
        self.saved = self.heard

    async def _turn_stale(self) -> None:
        is_own = await self._run(queries.is_own_save, self.invoice_id)
        self.rival = "You, in another window," if is_own else "Somebody else"
        self.is_stale = True

    async def _save_quietly(self) -> None:
        try:
            await self._save()
            self._say(f"Saved {self._time()}")
        except StaleDraft:
            # The page says so beside the ways out.
            self._is_dirty = False
        except (DiskFull, SQLAlchemyError):
            # Or a database that is away: the browser keeps the texts, and the
            # next turn tries again.
            self._say("Not saved, trying again")
        except BillingError as refusal:
            self._is_dirty = False
            self._say("Not saved")
            self._notify(refusal.message, is_refusal=True)

    # What is built, and drawn

    def _is_open(self) -> bool:
        return self._desk is not None

    def _lines(self) -> tuple[LineForm, ...]:
        return self._draft.lines

    def _set_lines(self, lines: tuple[LineForm, ...]) -> None:
        self._draft = replace(self._draft, lines=lines)

    def _most_lines(self) -> tuple[int, str]:
        return LINES_MAX, f"An invoice holds at most {LINES_MAX} lines"

    def _first_tax(self) -> str:
        taxes = self._desk.taxes if self._desk else ()
        return next((tax.id for tax in taxes if tax.is_default), "")

    def _habits(self) -> tuple[str, Mapping[str, Any]]:
        assert self._desk is not None
        return self._desk.language, self._rules().taxes

    def _events(self) -> Mapping[str, str]:
        return self._billed

    def _texts(self) -> dict[str, str]:
        texts = {name: getattr(self._draft, name) for name in FIELDS}
        self.mode = self._draft.mode
        if self._desk is not None:
            own = dict(self._draft.own)
            for each in self._desk.rules.fields:
                texts[each.input_name] = own.get(each.key, "")
            # A draft without a look of its own is drawn in the workspace's.
            texts["look"] = self._draft.look or self._desk.branding.look
        return texts

    def _mark_changed(self) -> None:
        super()._mark_changed()
        self._say("Not saved" if self.is_stale else "Saving…")

    def _reading(self) -> Callable[[], ReadDraft]:
        return partial(read_draft, self._draft, self.currency, self._rules())

    def _read(self) -> ReadDraft:
        return self._reading()()

    def _drawing(self) -> Callable[[], tuple[str, str]]:
        assert self._desk is not None
        customer = self._customer
        return partial(
            _draw,
            self._draft,
            self.currency,
            self._desk,
            language=(customer or self._desk).language,
            net_days=self._net_days(),
            buyer=self._buyer,
            late_fees=(customer or self._desk).late_fees,
            of_customer=customer.filled if customer else (),
        )

    def _show_drawn(self, drawn: tuple[str, str]) -> None:
        html, lacks = drawn
        if html != self.preview:
            self.preview = html
        if lacks != self.lacks:
            self.lacks = lacks

    def _show_read(self, read: ReadDraft) -> ReadDraft:
        assert self._desk is not None
        count, rules = read.problem_count, self._rules()
        things = formats.count_of(count, "thing")
        asks_rate = rules.asks_rate(self.currency)
        lacking = self._list_lacking(read)
        more = {
            "charged": _charged(read),
            "own_fields": [
                asked(x, read.problems.get(x.input_name, "")) for x in rules.fields
            ],
            "tax_currency": rules.tax_currency if asks_rate else "",
            "to_fix": f"{things} to fix before you issue" if count else "",
            "lacking": lacking,
            "customer_href": (
                f"/customers/{self._draft.customer_id}"
                if NO_BUYER_ADDRESS in lacking
                else ""
            ),
            **date_hints(read, self._desk.today, self._net_days()),
            "terms_warning": self._terms_warning(read),
            "currency_hint": self._currency_hint(),
        }
        self._show_sums(read, {**NO_PROBLEMS, **read.problems}, more)
        return read

    def _list_lacking(self, read: ReadDraft) -> list[str]:
        """Name what is left to think of, once there is something to issue."""
        assert self._desk is not None
        if not self._draft.customer_id or read.problem_count:
            return []
        bank = self._desk.bank(self.currency)
        found = list_lacking(
            self._desk.seller,
            self._buyer,
            terms=read.terms,
            tax=read.totals.tax_total,
            total=read.totals.total,
            is_payable=bool(bank.rows or bank.iban or self._desk.takes_cards),
            issued_on=read.issued_on or self._desk.today,
            today=self._desk.today,
        )
        warning = self._terms_warning(read)
        return [*found, warning] if warning else [*found]

    def _currency_hint(self) -> str:
        """Say where a draft is in another currency than its customer's invoices."""
        assert self._desk is not None
        own = self._customer.currency if self._customer else ""
        usual = own or self._desk.currency
        if self.currency == usual:
            return ""
        return f"This draft is in {self.currency}; usual is {usual}."

    def _terms_warning(self, read: ReadDraft) -> str:
        """Say where the texts ask for the money after other days than the due date."""
        assert self._desk is not None
        issued_on = read.issued_on or self._desk.today
        due = (read.due_on - issued_on).days if read.due_on else self._net_days()
        other = find_other_days((self._draft.terms, self._draft.notes), due)
        if other is None:
            return ""
        if due < 0:
            said = formats.count_of(other, "day")
            return f"The text says {said}; the invoice is due before its issue date."
        said, until = (formats.count_of(it, "day") for it in (other, due))
        return f"The text says {said}; the invoice is due {until} after its issue."

    def _rules(self) -> DraftRules:
        assert self._desk is not None
        return self._desk.rules

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
        await self._count_unbilled()
        await self._changed()

    def _show_customer(self) -> None:
        chosen = self._customer
        if chosen is None:
            self.customer_name = self.customer_hint = ""
            return
        self.customer_name = chosen.name
        mail = f"mail to {chosen.email}" if chosen.email else "no email address yet"
        self.customer_hint = f"Net {chosen.net_days}, {mail}"
        if chosen.credit:
            credit = formats.join_money(chosen.credit)
            self.customer_hint += f". Has {credit} credit, to use once this is issued"

    def _net_days(self) -> int:
        assert self._desk is not None
        return self._customer.net_days if self._customer else self._desk.net_days

    def _time(self) -> str:
        assert self._desk is not None
        now = runtime.current().now()
        return formats.clock_time(now, Moment(now, self._desk.zone))


def _tax_choices(taxes: Sequence[TaxChoice]) -> list[tuple[str, str]]:
    """Offer no tax first and once: a rate that is called so stands in for none."""
    choices = [(tax.id, tax.label) for tax in taxes]
    named = [choice for choice in choices if choice[1] == NO_TAX]
    others = [choice for choice in choices if choice[1] != NO_TAX]
    return [*(named or [("", NO_TAX)]), *others]


def _charged(read: ReadDraft) -> str:
    """Return what the one line of a percentage comes to, before discount and tax."""
    amounts = [x for x in read.amounts if x is not None]
    if read.mode != InvoiceMode.PERCENT or not amounts:
        return formats.NOTHING
    return formats.money(amounts[0].minor, amounts[0].currency)


def _draw(
    draft: DraftForm,
    currency: str,
    desk: Desk,
    *,
    language: str,
    net_days: int,
    buyer: Party,
    late_fees: LateFeeRule,
    of_customer: tuple[FilledField, ...],
) -> tuple[str, str]:
    """Return the preview, and what it lacks for an e-invoice. In a thread."""
    bank = desk.bank(currency)
    document = preview_document(
        draft,
        read_draft(draft, currency, desk.rules),
        today=desk.today,
        net_days=net_days,
        language=language,
        seller=desk.seller,
        buyer=buyer,
        branding=replace(desk.branding, look=Look(draft.look or desk.branding.look)),
        bank=bank.rows,
        iban=bank.iban,
        late_fees=late_fees,
        of_customer=of_customer,
    )
    logo = desk.branding.logo_digest
    sheet = render_sheet(document, f"/logo/{logo}.png" if logo else "", explains=True)
    if not document.lines:
        return sheet, ""
    return sheet, paper_words(document, runtime.current().settings.fonts_dir)
