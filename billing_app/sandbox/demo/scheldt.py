"""A warehouse in Antwerp: storage, picks and labels for its clients."""

from billing_app.domain.document import Look
from billing_app.sandbox.demo.business import (
    DemoBusiness,
    DemoInvoice,
    DemoLine,
    DemoTax,
    Fate,
)
from billing_app.services.customers import CustomerForm

BELGIAN, REVERSE = "BTW 21%", "Reverse charge"

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
        "address": "Noorderlaan 147\n2030 Antwerpen",
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
    customers=(
        CustomerForm(
            name="Lumen Ceramics B.V.",
            email="inkoop@lumen-ceramics.example",
            contact_name="Bram Visser",
            address="Havenstraat 3\n4811 Breda",
            country="NL",
            vat_id="NL812345678B01",
        ),
        CustomerForm(
            name="Petit Vélo",
            email="compta@petitvelo.example",
            contact_name="Inès Moreau",
            address="Rue Haute 112\n1000 Bruxelles",
            country="BE",
            language="fr",
        ),
        CustomerForm(
            name="Saffron Pantry",
            email="ap@saffron-pantry.example",
            address="Kloosterstraat 9\n2000 Antwerpen",
            country="BE",
        ),
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
                ),
                DemoLine("Picks", "416", "0.62", "pick", "", REVERSE, "Orders"),
                DemoLine("Labels", "208", "0.11", "pc", "", REVERSE, "Orders"),
                DemoLine("Returns checked", "9", "2.40", "pc", "", REVERSE, "Orders"),
            ),
            notes="Reverse charge: VAT is owed by the customer.",
        ),
        DemoInvoice(
            1,
            38,
            Fate.OPEN,
            (
                DemoLine("Pallet storage", "196", "0.85", "day", "", BELGIAN),
                DemoLine("Oversize handling", "31", "6.50", "pc", "", BELGIAN),
            ),
        ),
        DemoInvoice(
            2,
            4,
            Fate.OPEN,
            (
                DemoLine("Chilled storage", "70", "1.95", "day", "", BELGIAN),
                DemoLine("Picks", "540", "0.62", "pick", "", BELGIAN),
            ),
            is_seen=False,
        ),
        DemoInvoice(
            1,
            10,
            Fate.PAID_BY_CARD,
            (DemoLine("Customs paperwork", "2", "75.00", "", "", BELGIAN),),
        ),
    ),
    usual=(
        DemoLine("Pallet storage", "140", "0.85", "day", "", BELGIAN),
        DemoLine("Picks", "620", "0.62", "pick", "", BELGIAN),
        DemoLine("Inbound unloading", "3", "48.00", "pallet", "", BELGIAN),
        DemoLine("Gift wrapping", "55", "1.20", "pc", "", BELGIAN),
    ),
)
