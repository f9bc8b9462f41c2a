"""A plumber in New York: small jobs, parts and labor."""

from billing_app.domain.document import Look
from billing_app.sandbox.demo.business import (
    DemoBusiness,
    DemoEnd,
    DemoInvoice,
    DemoLine,
    DemoNote,
    DemoPromise,
    DemoTax,
    Fate,
)
from billing_app.services.customers import CustomerForm

SALES_TAX, NO_TAX = "NYC sales tax", "Not taxed"

KESTREL = DemoBusiness(
    key="kestrel",
    name="Kestrel Plumbing",
    profile="simple_link",
    currency="USD",
    zone="America/New_York",
    country="US",
    emblem="drop",
    accent="#b4501e",
    look=Look.CLASSIC,
    letterhead={
        "legal_name": "Kestrel Plumbing LLC",
        "address": "48 Vernon Boulevard",
        "postal_code": "11101",
        "town": "Long Island City",
        "region": "NY",
        "phone": "+1 718 555 0117",
        "email": "office@kestrel.example",
        "website": "kestrel-plumbing.example",
        "registration": "NYC Master Plumber 1984",
        "net_days": 14,
        "terms": "Due in 14 days. Warranty on labor: one year.",
    },
    bank=(
        ("Payee", "Kestrel Plumbing LLC"),
        ("Routing number", "021000021"),
        ("Account number", "000123456789"),
    ),
    taxes=(DemoTax(SALES_TAX, "8.875"), DemoTax(NO_TAX, "0", "E")),
    people={
        "owner": "Kay Moreno",
        "operations": "Tony Russo",
    },
    welcome="Thanks for letting us into your home.",
    customers=(
        CustomerForm(
            name="Margaret O’Hara",
            email="margaret.ohara@mail.example",
            address="31-09 Crescent Street",
            postal_code="11106",
            town="Astoria",
            region="NY",
            country="US",
        ),
        CustomerForm(
            name="Bright & Sons Property Management",
            email="payables@brightandsons.example",
            contact_name="Desmond Bright",
            address="200 Park Avenue South",
            postal_code="10003",
            town="New York",
            region="NY",
            country="US",
        ),
        CustomerForm(
            name="Café Luz",
            email="hola@cafeluz.example",
            contact_name="Luz Herrera",
            address="512 Myrtle Avenue",
            postal_code="11205",
            town="Brooklyn",
            region="NY",
            country="US",
        ),
        CustomerForm(
            name="The Ludlow Condominium Board of Managers, c/o Hudson & East River "
            "Residential Services",
            email="board@ludlow.example",
            address="188 Ludlow Street",
            postal_code="10002",
            town="New York",
            region="NY",
            country="US",
        ),
        CustomerForm(name="Sam Whitfield", email="sam.w@mail.example", country="US"),
    ),
    invoices=(
        DemoInvoice(
            0,
            3,
            Fate.OPEN,
            (
                DemoLine(
                    "Emergency call-out",
                    "1",
                    "145.00",
                    "",
                    "Leak under kitchen sink",
                    NO_TAX,
                ),
                DemoLine("Labor, licensed plumber", "2.5", "128.00", "hr", "", NO_TAX),
                DemoLine("P-trap and tailpiece kit", "1", "36.40", "ea", "", SALES_TAX),
                DemoLine('Braided supply line, 20"', "2", "14.25", "ea", "", SALES_TAX),
            ),
            notes="Shut-off valve replaced free of charge.",
        ),
        DemoInvoice(
            1,
            31,
            Fate.OPEN,
            (
                DemoLine(
                    "Boiler service",
                    "4",
                    "220.00",
                    "ea",
                    "Buildings A to D",
                    SALES_TAX,
                ),
                DemoLine("Expansion tank", "1", "189.00", "ea", "", SALES_TAX),
            ),
            purchase_order="BSP-7731",
            job="Boiler season, four buildings",
            returned_days_ago=(20,),
            promises=(DemoPromise(8, 13, by_phone=True),),
            notes_of_staff=(
                DemoNote(
                    8,
                    "Desmond says the debit hit the old operating account. He will "
                    "send a check after the board meeting.",
                ),
            ),
        ),
        DemoInvoice(
            2,
            9,
            Fate.PARTLY_PAID,
            (
                DemoLine("Grease trap installation", "1", "2150.00", "", "", SALES_TAX),
                DemoLine("Labor, two plumbers", "6", "245.00", "hr", "", NO_TAX),
                DemoLine(
                    "Permit, Department of Buildings", "1", "130.00", "", "", NO_TAX
                ),
            ),
            job="Kitchen refit",
        ),
        DemoInvoice(
            3,
            5,
            Fate.PROCESSING,
            (
                DemoLine(
                    "Riser replacement, line 4", "38", "96.50", "ft", "", SALES_TAX
                ),
                DemoLine("Water shut-down, after hours", "1", "480.00", "", "", NO_TAX),
            ),
            purchase_order="LUD-2026-11",
            job="Riser, line 4",
        ),
        DemoInvoice(
            4,
            8,
            Fate.VOID,
            (DemoLine("Drain cleaning", "1", "185.00", "", "", SALES_TAX),),
        ),
        DemoInvoice(
            4,
            7,
            Fate.PAID_BY_CARD,
            (DemoLine("Drain cleaning", "1", "165.00", "", "", SALES_TAX),),
        ),
        DemoInvoice(
            1,
            1,
            Fate.DRAFT,
            (
                DemoLine("Backflow test", "4", "175.00", "ea", "", NO_TAX),
                DemoLine("Report to the city", "4", "40.00", "ea", "", NO_TAX),
            ),
            job="Backflow 2026",
        ),
        DemoInvoice(
            0,
            65,
            Fate.ARCHIVED,
            (DemoLine("Toilet fill valve", "1", "48.00", "ea", "", SALES_TAX),),
        ),
        DemoInvoice(
            4,
            110,
            Fate.WRITTEN_OFF,
            (
                DemoLine("Service call, second visit", "1", "95.00", "", "", NO_TAX),
                DemoLine("Wax ring and bolts", "1", "18.60", "ea", "", SALES_TAX),
            ),
            notes_of_staff=(
                DemoNote(72, "Sam says the first visit should have fixed it. Fair."),
            ),
            end=DemoEnd("The second visit made good the first one. Agreed by phone."),
        ),
        DemoInvoice(
            3,
            6,
            Fate.CANCELLED,
            (DemoLine("Booster pump, replacement", "1", "3480.00", "", "", SALES_TAX),),
            end=DemoEnd("The board took another offer."),
        ),
    ),
    paid_per_month=2,
    reminder_steps=(0, 7, 14),
    usual=(
        DemoLine("Service call", "1", "95.00", "", "", NO_TAX),
        DemoLine("Labor, licensed plumber", "3", "128.00", "hr", "", NO_TAX),
        DemoLine("Kitchen faucet, supplied", "1", "219.00", "ea", "", SALES_TAX),
        DemoLine("Water heater, 50 gal", "1", "1340.00", "ea", "", SALES_TAX),
        DemoLine("Main line snaking", "1", "325.00", "", "", SALES_TAX),
        DemoLine("Copper pipe, 1/2 in", "24", "4.35", "ft", "", SALES_TAX),
    ),
)
