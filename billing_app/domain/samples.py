"""Believable customers and invoices in any number, for trying things at volume.

Everything follows from the `Random` that is given: the same start, the same data.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from random import Random

from billing_app.domain.currencies import exponent

# How far back the first invoice lies.
SPAN_DAYS = 3 * 365


def _list(words: str) -> list[str]:
    return words.split(",")


_STEMS = _list(
    "Aldgate,Amber,Anchor,Arden,Aspen,Beacon,Birch,Brook,Calder,Cedar,Cobalt,Copper,"
    "Coral,Delta,Dover,Dune,Elm,Ember,Fen,Fjord,Flint,Forge,Garnet,Glen,Granite,"
    "Harbor,Haven,Hazel,Heron,Holm,Indigo,Iris,Ivy,Juniper,Kestrel,Lark,Larch,Linden,"
    "Lumen,Maple,Marlin,Meadow,Mistral,Moor,Nimbus,North,Oak,Onyx,Orchard,Osprey,"
    "Pebble,Pine,Quarry,Quartz,Raven,Ridge,Rowan,Saffron,Sable,Slate,Solstice,Spruce,"
    "Sterling,Summit,Tidal,Topaz,Umber,Vale,Vesper,Walnut,Weir,Willow,Wren,Zephyr"
)
_TRADES = _list(
    "Analytics,Architects,Bakery,Biotech,Books,Builders,Catering,Ceramics,Clinic,"
    "Coffee,Consulting,Dental,Design,Energy,Events,Farms,Film,Fitness,Foods,Freight,"
    "Gardens,Glass,Hotels,Imports,Interiors,Kitchens,Legal,Logistics,Marine,Media,"
    "Motors,Optics,Outdoor,Paper,Partners,Pharma,Press,Robotics,Schools,Security,"
    "Software,Solar,Sports,Steel,Studio,Textiles,Tools,Travel,Veterinary,Works"
)
# Legal form, country, city, language.
_PLACES = (
    ("B.V.", "NL", "1017 AB Amsterdam", "nl"),
    ("GmbH", "DE", "10115 Berlin", "de"),
    ("Ltd", "GB", "London EC1V 9NR", "en"),
    ("Inc.", "US", "New York, NY 10001", "en"),
    ("SARL", "FR", "75011 Paris", "fr"),
    ("S.L.", "ES", "28013 Madrid", "es"),
    ("AB", "SE", "111 51 Stockholm", "en"),
    ("LLC", "US", "Austin, TX 78701", "en"),
)
_UNUSUAL_NAMES = (
    "東京精密部品株式会社",
    "شركة النور للتجارة",
    "Łódź Przędzalnia Sp. z o.o.",
    "Αφοί Παπαδόπουλοι Ο.Ε.",
    "Ærøskøbing Bådværft ApS",
)
_STREETS = _list("Market,Mill,Station,Church,Harbor,Park,Bridge,Garden,School,Castle")
_PEOPLE = _list(
    "Amara Okafor,Bram Visser,Chiara Conti,Daniel Reyes,Elif Demir,Farah Haddad,"
    "Grace Lindqvist,Hugo Bernard,Ines Moreau,Jonas Weber,Keiko Tanaka,Liam Doyle,"
    "Maya Patel,Noah Jansen,Olga Nowak,Priya Nair,Quentin Roy,Rosa Alvarez"
)
# Name, unit, price from and to in whole units of money.
_GOODS = (
    ("Consulting", "hour", 80, 220),
    ("Project management", "hour", 70, 160),
    ("On-site visit", "", 90, 350),
    ("Annual maintenance", "year", 240, 4_800),
    ("Support plan", "month", 49, 900),
    ("Training day", "day", 600, 1_900),
    ("Software licence", "seat", 9, 320),
    ("Hosting", "month", 12, 480),
    ("Installation", "", 120, 1_600),
    ("Spare part kit", "pc", 14, 260),
    ("Inspection", "", 75, 420),
    ("Freight", "pallet", 38, 190),
    ("Storage", "pallet", 6, 28),
    ("Fuel surcharge", "", 15, 240),
    ("Design draft", "", 180, 1_200),
    ("Translation", "page", 18, 64),
    ("Photography", "day", 450, 1_500),
    ("Printing", "pc", 1, 9),
    ("Cleaning", "hour", 24, 55),
    ("Equipment rental", "day", 30, 680),
)


class Fate(StrEnum):
    """What became of an invoice."""

    DRAFT = "draft"
    KEPT = "kept"
    OPEN = "open"
    PARTLY_PAID = "partly paid"
    PAID = "paid"
    OVERPAID = "overpaid"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class SampleCustomer:
    """A customer as somebody would have entered them."""

    name: str
    email: str
    contact_name: str
    address: str
    country: str
    language: str


@dataclass(frozen=True, slots=True)
class SampleLine:
    name: str
    description: str
    unit: str
    quantity: Decimal
    unit_price: Decimal
    discount_percent: Decimal


@dataclass(frozen=True, slots=True)
class SampleInvoice:
    """An invoice and what became of it.

    Attributes:
        issued_on, due_on: of a draft, when somebody began it.
        viewed_after_days, paid_after_days: from the day of issue; None for never.
        paid_share: of what is due; more than one leaves a credit.
        is_archived: put away after it was paid.
    """

    customer: int
    issued_on: date
    due_on: date
    lines: tuple[SampleLine, ...]
    discount_percent: Decimal
    purchase_order: str
    notes: str
    fate: Fate
    viewed_after_days: int | None
    paid_after_days: int | None
    paid_share: Decimal
    method: str
    is_archived: bool


def sample_customer(start: int, index: int) -> SampleCustomer:
    """Return the customer of this index; a pure function of both numbers."""
    chance = Random(start * 1_000_003 + index)  # noqa: S311
    form, country, city, language = chance.choice(_PLACES)
    # Each stem meets each trade once; only then does a number tell names apart.
    turn, place = divmod(index, len(_STEMS))
    stem, trade = _STEMS[place], _TRADES[(place + turn) % len(_TRADES)]
    number = f" {index + 1}" if turn >= len(_TRADES) else ""
    name = f"{stem} {trade}{number} {form}"
    if index % 40 == 39:
        unusual = _UNUSUAL_NAMES[index // 40 % len(_UNUSUAL_NAMES)]
        name = f"{unusual} {index // 40 + 1}"
    street = f"{chance.randint(1, 240)} {chance.choice(_STREETS)} Street"
    return SampleCustomer(
        name=name,
        email=f"billing{index + 1}@{stem.lower()}-{trade.lower()}.example",
        contact_name=chance.choice(_PEOPLE),
        address=f"{street}\n{city}",
        country=country,
        language=language,
    )


def sample_invoice(
    chance: Random,
    *,
    index: int,
    count: int,
    customers: int,
    currency: str,
    net_days: int,
    today: date,
) -> SampleInvoice:
    """Return invoice `index` of `count`, so that later ones were issued later."""
    issued_on = today - timedelta(days=SPAN_DAYS * (count - 1 - index) // count)
    age = (today - issued_on).days
    fate = _fate(chance, age, net_days)
    paid_after = None
    if fate in (Fate.PAID, Fate.OVERPAID, Fate.PARTLY_PAID):
        paid_after = min(age, max(0, int(chance.gauss(net_days * 0.8, 9))))
    was_seen = fate not in (Fate.DRAFT, Fate.KEPT) and chance.random() < 0.85
    return SampleInvoice(
        customer=_regular(chance, customers),
        issued_on=issued_on,
        due_on=issued_on + timedelta(days=net_days),
        lines=tuple(_line(chance, currency) for _ in range(_line_count(chance))),
        discount_percent=Decimal(chance.choice((5, 10)) if _once_in(chance, 12) else 0),
        purchase_order=f"PO-{chance.randint(1000, 99999)}"
        if _once_in(chance, 3)
        else "",
        notes="Thank you for your business." if _once_in(chance, 4) else "",
        fate=fate,
        viewed_after_days=min(age, chance.randint(0, 4)) if was_seen else None,
        paid_after_days=paid_after,
        paid_share=_paid_share(chance, fate),
        method=chance.choice(("bank_transfer", "bank_transfer", "card", "check")),
        is_archived=fate is Fate.PAID and age > 500 and _once_in(chance, 4),
    )


def _fate(chance: Random, age: int, net_days: int) -> Fate:
    """Draw what became of an invoice; nearly all old ones are paid."""
    draw = chance.random()
    if age < 20 and draw < 0.25:
        return Fate.DRAFT
    if draw < 0.015:
        return Fate.VOID
    if draw < 0.02:
        return Fate.OVERPAID
    if draw < 0.03:
        return Fate.KEPT
    paid = 0.97 if age > 150 else 0.80 if age > net_days else 0.35
    if chance.random() < paid:
        return Fate.PAID
    return Fate.PARTLY_PAID if _once_in(chance, 4) else Fate.OPEN


def _paid_share(chance: Random, fate: Fate) -> Decimal:
    if fate is Fate.PARTLY_PAID:
        return Decimal(chance.randint(20, 70)) / 100
    return Decimal("1.05") if fate is Fate.OVERPAID else Decimal(1)


def _regular(chance: Random, customers: int) -> int:
    """Draw a customer; a few of them give most of the work."""
    return min(int(chance.random() ** 2 * customers), customers - 1)


def _line_count(chance: Random) -> int:
    return chance.choice((1, 1, 2, 2, 2, 3, 3, 4, 5, 8))


def _line(chance: Random, currency: str) -> SampleLine:
    name, unit, low, high = chance.choice(_GOODS)
    decimals = exponent(currency)
    # Where money has no decimals, a hundred of it is worth about one elsewhere.
    scale = 100 if decimals == 0 else 1
    cents = chance.choice((0, 0, 50, 95)) if decimals else 0
    price = Decimal(chance.randint(low, high) * scale) + Decimal(cents) / 100
    quantity = Decimal(chance.randint(1, 12))
    if unit == "hour":
        quantity += Decimal(chance.choice((0, 25, 50, 75))) / 100
    return SampleLine(
        name=name,
        description=f"Agreed with {chance.choice(_PEOPLE)}"
        if _once_in(chance, 4)
        else "",
        unit=unit,
        quantity=quantity,
        unit_price=price,
        discount_percent=Decimal(10 if _once_in(chance, 15) else 0),
    )


def _once_in(chance: Random, times: int) -> bool:
    return chance.random() * times < 1
