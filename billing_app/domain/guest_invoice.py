"""An invoice that somebody without an account writes: as typed, as read, as printed.

It is a draft like that of a workspace. What a workspace knows of itself, its name,
its customers and its taxes, is typed here, too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from billing_app.domain.address import (
    PLACE_LENGTH_MAX,
    POSTAL_CODE_LENGTH_MAX,
    at_address,
)
from billing_app.domain.contact import check_email, parse_country
from billing_app.domain.currencies import is_currency
from billing_app.domain.document import Branding, InvoiceDocument, Look, Party
from billing_app.domain.draft import (
    DraftForm,
    DraftRules,
    LineForm,
    ReadDraft,
    ReadLine,
    form_from_json,
    form_to_json,
    read_draft,
)
from billing_app.domain.errors import InvalidInput, LimitReached
from billing_app.domain.formats import format_percent
from billing_app.domain.parsing import clean_text, parse_percent
from billing_app.domain.preview import preview_document
from billing_app.domain.speech import LANGUAGE_NAMES, SOURCE_LANGUAGE, speech_for
from billing_app.domain.totals import TaxTerms

PATH = "/make-invoice"
KEEP_PATH = f"{PATH}/keep"
NOT_NOW_PATH = f"{KEEP_PATH}/not-now"

LINES_MAX = 50
# As JSON. A page of text has about 3,000 characters.
LENGTH_MAX = 60_000
# Of all texts together: ten pages. Thousands take the printer half a minute.
BREAKS_MAX = 500
# Counted from the last change.
LIFETIME = timedelta(days=7)
# All that wait at once; with LENGTH_MAX, 120 MB at the very most. The last of them are
# for networks that began few, so that some that begin all they may shut nobody out.
DRAFTS_MAX = 2_000
DRAFTS_OF_NEWCOMERS = 500
NET_DAYS = 30
CURRENCY = "EUR"

# How often one network may begin one, and print, before it has to wait.
FREE_BEGINNINGS = 60
BEGINNINGS_OF_NEWCOMER = 3
FREE_PRINTS = 60


_DRAFT = DraftForm(currency=CURRENCY)


@dataclass(frozen=True, slots=True)
class GuestForm:
    """The whole invoice as typed. A line's `tax_id` is a percentage, such as `21`.

    Attributes:
        number: the sender's own; without one it is a draft, which is watermarked.
        language: of the document.
        tax_name: what the tax is called, like VAT.
        seller_address, buyer_address: the street, or all of it where its parts are
            empty.
        draft: of this the fields that a workspace is not needed for.
    """

    number: str = ""
    language: str = SOURCE_LANGUAGE
    tax_name: str = ""
    seller_name: str = ""
    seller_address: str = ""
    seller_postal_code: str = ""
    seller_town: str = ""
    seller_region: str = ""
    seller_country: str = ""
    seller_vat_id: str = ""
    seller_email: str = ""
    buyer_name: str = ""
    buyer_address: str = ""
    buyer_postal_code: str = ""
    buyer_town: str = ""
    buyer_region: str = ""
    buyer_country: str = ""
    buyer_vat_id: str = ""
    buyer_email: str = ""
    draft: DraftForm = _DRAFT

    @property
    def is_blank(self) -> bool:
        """Nothing was typed that would be missed."""
        draft = self.draft
        texts = [getattr(self, name) for name in LENGTHS if name != "tax_name"]
        texts += [draft.notes, draft.terms, draft.purchase_order]
        return not "".join(texts).strip() and all(x.is_blank for x in draft.lines)

    @property
    def bills_something(self) -> bool:
        """It says to whom, or for what: more than who writes invoices here."""
        has_line = any(not line.is_blank for line in self.draft.lines)
        return has_line or bool(self.buyer_name.strip())

    @property
    def printed_language(self) -> str:
        known = self.language in LANGUAGE_NAMES
        return self.language if known else SOURCE_LANGUAGE


LENGTHS = {
    "number": 40,
    "tax_name": 20,
    "seller_name": 200,
    "seller_address": 500,
    "seller_postal_code": POSTAL_CODE_LENGTH_MAX,
    "seller_town": PLACE_LENGTH_MAX,
    "seller_region": PLACE_LENGTH_MAX,
    "seller_country": 60,
    "seller_vat_id": 40,
    "seller_email": 254,
    "buyer_name": 200,
    "buyer_address": 500,
    "buyer_postal_code": POSTAL_CODE_LENGTH_MAX,
    "buyer_town": PLACE_LENGTH_MAX,
    "buyer_region": PLACE_LENGTH_MAX,
    "buyer_country": 60,
    "buyer_vat_id": 40,
    "buyer_email": 254,
}
# As `domain.address.parts_of` takes them.
ADDRESS_PARTS = ("address", "postal_code", "town", "region")
TEXTS = frozenset((*LENGTHS, "language"))
_MULTILINE = ("seller_address", "buyer_address")


@dataclass(frozen=True, slots=True)
class ReadGuest:
    """The invoice after reading: its draft, and who is on it as far as it can be used.

    Attributes:
        texts: what can be used of the other fields, by their names.
        problems: a sentence for each field that can't be used, the draft's too.
        percents: the taxes of its lines, without double.
    """

    draft: ReadDraft
    number: str
    seller: Party
    buyer: Party
    texts: Mapping[str, str]
    problems: Mapping[str, str]
    percents: tuple[Decimal, ...]

    @property
    def problem_count(self) -> int:
        return len(self.problems) + sum(1 for line in self.draft.lines if line.problem)

    def check(self) -> None:
        """Refuse to print while something can't be read, or the seller is missing.

        Raises:
            InvalidInput: with the first problem, beside its field.
        """
        for name, sentence in self.problems.items():
            raise InvalidInput(sentence, field=name)
        self.draft.check()
        if not self.seller.name:
            raise InvalidInput("Write who sends it.", field="seller_name")
        if not self.draft.lines:
            raise InvalidInput("Write at least one line.", field="lines")


def guest_to_json(form: GuestForm) -> dict[str, Any]:
    """Return what is stored, so that it equals what is read from there again."""
    return {**asdict(form), "draft": form_to_json(form.draft)}


def guest_from_json(stored: Mapping[str, Any]) -> GuestForm:
    """Read what was stored; what it does not know it leaves out.

    Raises:
        InvalidInput: something in it is not text.
    """
    names = {field.name for field in fields(GuestForm)} - {"draft"}
    texts: dict[str, Any] = {name: stored[name] for name in names if name in stored}
    if not all(isinstance(text, str) for text in texts.values()):
        raise InvalidInput("This invoice can't be read.")
    return GuestForm(**texts, draft=form_from_json(stored.get("draft", {})))


def check_size(form: GuestForm) -> None:
    """Refuse what would not be kept.

    Raises:
        LimitReached: it has too many lines or too much text.
    """
    if len(form.draft.lines) > LINES_MAX:
        raise LimitReached(f"Without an account an invoice holds {LINES_MAX} lines.")
    kept = json.dumps(guest_to_json(form), ensure_ascii=False)
    if len(kept) > LENGTH_MAX or _count_breaks(kept) > BREAKS_MAX:
        raise LimitReached(
            "That is more text than this page keeps. Make it shorter; until then "
            "only this browser has what you typed."
        )


def _count_breaks(kept: str) -> int:
    """Count those that JSON writes as two letters, and the rare ones as they are."""
    return kept.count(r"\n") + kept.count(r"\r") + len(kept.splitlines())


def read_guest(form: GuestForm) -> ReadGuest:
    """Read everything that can be read and compute the totals of it."""
    draft = replace(
        form.draft,
        own=(),
        lines=tuple(replace(x, tax_id=x.tax_id.strip()) for x in form.draft.lines),
    )
    taxes = _taxes(draft, form)
    currency = form.draft.currency
    currency = currency if is_currency(currency) else CURRENCY
    read = read_draft(draft, currency, DraftRules(taxes=taxes))
    read = replace(read, lines=tuple(_with_own_words(line) for line in read.lines))

    problems: dict[str, str] = {}
    texts = {name: _text(form, name, problems) for name in LENGTHS}
    percents = dict.fromkeys(tax.percent for tax in taxes.values())
    return ReadGuest(
        draft=read,
        number=texts["number"],
        seller=_party("seller", texts),
        buyer=_party("buyer", texts),
        texts=texts,
        problems={**problems, **read.problems},
        percents=tuple(percents),
    )


def guest_document(form: GuestForm, read: ReadGuest, today: date) -> InvoiceDocument:
    """Build the document of what counts so far.

    Its number is what its sender typed, never one of a series, and nothing on it
    asks for a payment here or says that it is genuine.
    """
    look = form.draft.look if form.draft.look in list(Look) else Look.MODERN
    document = preview_document(
        form.draft,
        read.draft,
        today=today,
        net_days=NET_DAYS,
        language=form.printed_language,
        seller=read.seller,
        buyer=read.buyer,
        branding=Branding(look=Look(look)),
    )
    return replace(document, number=read.number)


def _taxes(draft: DraftForm, form: GuestForm) -> dict[str, TaxTerms]:
    """Return the tax that each percentage typed means, by what was typed."""
    found: dict[str, TaxTerms] = {}
    for typed in dict.fromkeys(line.tax_id for line in draft.lines if line.tax_id):
        try:
            percent = parse_percent(typed)
        except InvalidInput:
            continue
        category = "S" if percent else "Z"
        words = tax_words(form.tax_name, percent, form.printed_language)
        found[typed] = TaxTerms(words, category, percent)
    return found


def tax_words(name: str, percent: Decimal, language: str) -> str:
    """Name a tax with its rate; without a name it is the word for tax."""
    word = name.strip() or speech_for(language).say("Tax")
    return f"{word} {format_percent(percent, language)}"


def _with_own_words(line: ReadLine) -> ReadLine:
    """Ask for a percentage: here is no list of taxes to choose from."""
    if line.problem_field != "tax_id":
        return line
    return replace(line, problem="Write the tax like 21%, or leave it empty.")


def _text(form: GuestForm, name: str, problems: dict[str, str]) -> str:
    def clean() -> str:
        return clean_text(
            getattr(form, name),
            length_max=LENGTHS[name],
            multiline=name in _MULTILINE,
            field=name,
        )

    text = _try(problems, name, clean)
    if text and name.endswith("_email"):
        return _try(problems, name, lambda: check_email(text, name))
    if text and name.endswith("_country"):
        return _try(problems, name, lambda: parse_country(text, name))
    return text


def _try(problems: dict[str, str], name: str, read: Callable[[], str]) -> str:
    try:
        return read()
    except InvalidInput as refusal:
        problems[name] = refusal.message
        return ""


def _party(who: str, texts: Mapping[str, str]) -> Party:
    party = Party(
        name=texts[f"{who}_name"],
        country=texts[f"{who}_country"],
        vat_id=texts[f"{who}_vat_id"],
        email=texts[f"{who}_email"],
    )
    parts = (texts[f"{who}_{part}"] for part in ADDRESS_PARTS)
    return at_address(party, *parts)


def fresh_form() -> GuestForm:
    """Return what the page begins with: one empty line.

    Its key is always the same, so that a browser finds its texts again before the
    first of them was kept.
    """
    line = LineForm(key="line-1")
    return GuestForm(draft=DraftForm(currency=CURRENCY, lines=(line,)))


def example_of(form: GuestForm) -> GuestForm:
    """Return what an invoice of this look, language and currency may look like."""
    lines = (
        LineForm(
            name="Photography, two days",
            description="Autumn catalogue, 64 products",
            quantity="2",
            unit="day",
            unit_price="850",
            tax_id="21",
        ),
        LineForm(name="Retouching", quantity="40", unit_price="12", tax_id="21"),
        LineForm(name="Travel", unit_price="84", tax_id="21"),
    )
    return replace(
        form,
        tax_name="VAT",
        seller_name="Fern & Field Studio",
        seller_address="12 Harbour Lane",
        seller_postal_code="E14 4AB",
        seller_town="London",
        seller_country="GB",
        seller_email="hello@fernfield.example",
        buyer_name="Vermeer Optics B.V.",
        buyer_address="Keizersgracht 214",
        buyer_postal_code="1016 DX",
        buyer_town="Amsterdam",
        buyer_country="NL",
        draft=replace(
            form.draft, lines=lines, notes="Thank you. It was a pleasure to work on."
        ),
    )
