"""A warehouse in Antwerp: storage, picks and labels for its clients."""

from billing_app.domain.dispute import Outcome
from billing_app.domain.document import Look
from billing_app.domain.portal_settings import MailFiles
from billing_app.sandbox.demo.business import (
    DemoBusiness,
    DemoComment,
    DemoContact,
    DemoDispute,
    DemoEvent,
    DemoInvoice,
    DemoLine,
    DemoNote,
    DemoPromise,
    DemoTax,
    Fate,
)
from billing_app.services.customers import CustomerForm

BELGIAN, REVERSE = "BTW 21%", "Reverse charge"


def _storage(rate: str, *stays: tuple[str, str, str, str]) -> tuple[DemoEvent, ...]:
    """Return days of storage, each as reference, place, pallets and days."""
    return tuple(
        DemoEvent(
            "Storage day",
            reference,
            rate,
            ((pallets, "pallets"), (days, "days")),
            f"Bay {bay}",
            days_before=index + 1,
        )
        for index, (reference, bay, pallets, days) in enumerate(stays)
    )


def _counted(
    kind: str, rate: str, word: str, *orders: tuple[str, str]
) -> tuple[DemoEvent, ...]:
    """Return what was counted for orders, each as reference and number."""
    return tuple(
        DemoEvent(kind, reference, rate, ((count, word),), days_before=index % 6 + 1)
        for index, (reference, count) in enumerate(orders)
    )


SCHELDT = DemoBusiness(
    key="scheldt",
    name="Scheldt Fulfilment",
    profile="client_account",
    currency="EUR",
    zone="Europe/Brussels",
    country="BE",
    emblem="crate",
    accent="#1f6f4a",
    look=Look.COMPACT,
    letterhead={
        "legal_name": "Scheldt Fulfilment NV",
        "address": "Noorderlaan 147",
        "postal_code": "2030",
        "town": "Antwerpen",
        "phone": "+32 3 555 01 88",
        "email": "billing@scheldt.example",
        "website": "scheldt-fulfilment.example",
        "vat_id": "BE0123456749",
        "net_days": 30,
        "bank_iban": "BE68539007547034",
        "terms": "Storage is billed weekly, picks and labels as they happen.",
    },
    bank=(("Name", "Scheldt Fulfilment NV"), ("IBAN", "BE68 5390 0754 7034")),
    taxes=(DemoTax(BELGIAN, "21"), DemoTax(REVERSE, "0", "AE")),
    people={"owner": "Pieter Claes", "accounting": "Ilse De Smet"},
    pattern="SF{year}{month}-{counter:4}",
    mail_files=MailFiles.PDF_AND_XML,
    customers=(
        CustomerForm(
            name="Lumen Ceramics B.V.",
            email="inkoop@lumen-ceramics.example",
            contact_name="Bram Visser",
            address="Havenstraat 3",
            postal_code="4811",
            town="Breda",
            country="NL",
            vat_id="NL812345678B01",
        ),
        CustomerForm(
            name="Petit Vélo",
            email="compta@petitvelo.example",
            contact_name="Inès Moreau",
            address="Rue Haute 112",
            postal_code="1000",
            town="Bruxelles",
            country="BE",
            language="fr",
        ),
        CustomerForm(
            name="Saffron Pantry",
            email="ap@saffron-pantry.example",
            address="Kloosterstraat 9",
            postal_code="2000",
            town="Antwerpen",
            country="BE",
        ),
    ),
    contacts=(
        DemoContact(
            0,
            "Sanne Vos",
            "s.vos@lumen-ceramics.example",
            "to",
            may_pay=True,
            may_see_all=True,
        ),
        DemoContact(0, "Magazijn", "magazijn@lumen-ceramics.example"),
        DemoContact(1, "Hugo Lambert", "hugo@petitvelo.example", may_see_all=True),
    ),
    invoices=(
        DemoInvoice(
            0,
            7,
            Fate.OPEN,
            (
                DemoLine(
                    "Pallet storage",
                    "84",
                    "0.85",
                    "day",
                    "12 pallets, 7 days",
                    REVERSE,
                    "Storage",
                    events=_storage(
                        "0.85",
                        ("ST-48117", "A3", "5", "7"),
                        ("ST-48118", "A4", "4", "7"),
                        ("ST-48131", "C1", "3", "7"),
                    ),
                ),
                DemoLine(
                    "Picks",
                    "416",
                    "0.62",
                    "pick",
                    "",
                    REVERSE,
                    "Orders",
                    events=_counted(
                        "Pick",
                        "0.62",
                        "picks",
                        ("ORD-90211", "120"),
                        ("ORD-90224", "96"),
                        ("ORD-90240", "144"),
                        ("ORD-90257", "56"),
                    ),
                ),
                DemoLine(
                    "Labels",
                    "208",
                    "0.11",
                    "pc",
                    "",
                    REVERSE,
                    "Orders",
                    events=_counted(
                        "Label",
                        "0.11",
                        "labels",
                        ("ORD-90211", "60"),
                        ("ORD-90224", "48"),
                        ("ORD-90240", "72"),
                        ("ORD-90257", "28"),
                    ),
                ),
                DemoLine("Returns checked", "9", "2.40", "pc", "", REVERSE, "Orders"),
            ),
            notes="Reverse charge: VAT is owed by the customer.",
            disputes=(
                DemoDispute(
                    5,
                    "We count seven returns in our own system, not nine.",
                    amount="4.80",
                    line="4",
                    answered_days_ago=3,
                    answer="Two parcels held two returns each; photos of all nine are "
                    "in the shared folder, with the time they were opened.",
                    note="Koen checked the camera at bench 4: RET-3318 and RET-3321.",
                ),
            ),
            talk=(
                DemoComment(
                    4,
                    "Could the 416 picks be split by order next time? Our buyers ask.",
                    line="2",
                ),
                DemoComment(
                    4,
                    "They are: press the line and each order is listed with its picks.",
                    is_staff=True,
                    line="2",
                ),
                DemoComment(
                    1, "Found it, that is very handy. Payment follows this week."
                ),
            ),
        ),
        DemoInvoice(
            1,
            38,
            Fate.OPEN,
            (
                DemoLine(
                    "Pallet storage",
                    "196",
                    "0.85",
                    "day",
                    "",
                    BELGIAN,
                    events=_storage(
                        "0.85",
                        ("ST-47702", "B2", "4", "28"),
                        ("ST-47715", "B5", "3", "28"),
                    ),
                ),
                DemoLine(
                    "Oversize handling",
                    "31",
                    "6.50",
                    "pc",
                    "",
                    BELGIAN,
                    events=_counted(
                        "Oversize",
                        "6.50",
                        "frames",
                        ("INB-20418", "19"),
                        ("INB-20433", "12"),
                    ),
                ),
            ),
            disputes=(
                DemoDispute(
                    12,
                    "The 12 boxes of INB-20433 were wheels, not frames. They are below "
                    "the oversize limit.",
                    amount="94.38",
                    line="2",
                ),
            ),
            promises=(DemoPromise(2, 8),),
            notes_of_staff=(
                DemoNote(
                    11,
                    "Asked the dock for the scan of INB-20433. If they were wheels, "
                    "credit all twelve.",
                ),
            ),
        ),
        DemoInvoice(
            2,
            4,
            Fate.OPEN,
            (
                DemoLine(
                    "Chilled storage",
                    "70",
                    "1.95",
                    "day",
                    "",
                    BELGIAN,
                    events=_storage("1.95", ("ST-48160", "Cold 2", "10", "7")),
                ),
                DemoLine(
                    "Picks",
                    "540",
                    "0.62",
                    "pick",
                    "",
                    BELGIAN,
                    events=_counted(
                        "Pick",
                        "0.62",
                        "picks",
                        ("ORD-90302", "210"),
                        ("ORD-90311", "330"),
                    ),
                ),
            ),
            is_seen=False,
        ),
        DemoInvoice(
            2,
            47,
            Fate.OPEN,
            (
                DemoLine(
                    "Chilled storage",
                    "112",
                    "1.95",
                    "day",
                    "",
                    BELGIAN,
                    events=_storage("1.95", ("ST-47590", "Cold 2", "4", "28")),
                ),
                DemoLine("Inbound unloading", "4", "48.00", "pallet", "", BELGIAN),
            ),
            is_seen=False,
        ),
        DemoInvoice(
            2,
            19,
            Fate.OPEN,
            (
                DemoLine("Inbound unloading", "6", "48.00", "pallet", "", BELGIAN),
                DemoLine("Relabelling", "240", "0.35", "pc", "", BELGIAN),
            ),
            disputes=(
                DemoDispute(
                    16,
                    "The labels came from you with the old address, so doing them "
                    "again should not cost us anything.",
                    amount="101.64",
                    line="2",
                    answered_days_ago=14,
                    answer="You are right, the roll was printed here. The relabelling "
                    "is on us, with our apologies.",
                    note="Old rolls are out of the rack now. The day shift knows.",
                    outcome=Outcome.CREDITED,
                ),
            ),
        ),
        DemoInvoice(
            1,
            10,
            Fate.PAID_BY_CARD,
            (DemoLine("Customs paperwork", "2", "75.00", "", "", BELGIAN),),
        ),
    ),
    reminder_steps=(-3, 0, 7),
    waiting=(
        (
            0,
            _storage(
                "0.85",
                ("ST-48902", "A3", "6", "5"),
                ("ST-48903", "A4", "4", "5"),
                ("ST-48911", "C1", "2", "3"),
            )
            + _counted(
                "Pick",
                "0.62",
                "picks",
                ("ORD-91302", "84"),
                ("ORD-91310", "132"),
                ("ORD-91317", "47"),
            )
            + _counted("Label", "0.11", "labels", ("ORD-91310", "66")),
        ),
    ),
    usual=(
        DemoLine("Pallet storage", "140", "0.85", "day", "", BELGIAN),
        DemoLine("Picks", "620", "0.62", "pick", "", BELGIAN),
        DemoLine("Inbound unloading", "3", "48.00", "pallet", "", BELGIAN),
        DemoLine("Gift wrapping", "55", "1.20", "pc", "", BELGIAN),
    ),
)
