"""A gym in Melbourne: memberships that come again every month."""

from billing_app.domain.document import Look
from billing_app.sandbox.demo.business import (
    DemoBusiness,
    DemoInvoice,
    DemoLine,
    DemoTax,
    Fate,
)
from billing_app.services.customers import CustomerForm

GST, FREE = "GST 10%", "GST free"

IRONWOOD = DemoBusiness(
    key="ironwood",
    name="Ironwood Gym",
    profile="collections_portal",
    currency="AUD",
    zone="Australia/Melbourne",
    country="AU",
    emblem="dumbbell",
    accent="#a3263a",
    look=Look.COMPACT,
    letterhead={
        "legal_name": "Ironwood Gym Pty Ltd",
        "address": "22 Swan Street\nRichmond VIC 3121",
        "phone": "+61 3 5550 0142",
        "email": "members@ironwood.example",
        "website": "ironwood-gym.example",
        "registration": "ABN 51 824 753 556",
        "net_days": 7,
        "prices_inclusive": True,
        "terms": "Memberships are billed on the first of the month.",
    },
    bank=(
        ("Account name", "Ironwood Gym Pty Ltd"),
        ("BSB", "063-000"),
        ("Account", "1234 5678"),
    ),
    taxes=(DemoTax(GST, "10"), DemoTax(FREE, "0", "Z")),
    people={"owner": "Isla Wood", "viewer": "Ben Tran"},
    customers=(
        CustomerForm(name="Oliver Nguyen", email="oliver.n@mail.example", country="AU"),
        CustomerForm(name="Zoë Papadopoulos", email="zoe.p@mail.example", country="AU"),
        CustomerForm(
            name="Yarra Dental",
            email="accounts@yarra-dental.example",
            contact_name="Dr. Mei Chen",
            address="5 Church Street\nRichmond VIC 3121",
            country="AU",
        ),
        CustomerForm(name="Liam Doyle", email="liam.doyle@mail.example", country="AU"),
    ),
    invoices=(
        DemoInvoice(
            0,
            2,
            Fate.OPEN,
            (DemoLine("Membership, monthly", "1", "79.00", "month", "", GST),),
        ),
        DemoInvoice(
            1,
            32,
            Fate.OPEN,
            (
                DemoLine("Membership, monthly", "1", "79.00", "month", "", GST),
                DemoLine("Locker", "1", "12.00", "month", "", GST),
            ),
        ),
        DemoInvoice(
            1,
            2,
            Fate.OPEN,
            (
                DemoLine("Membership, monthly", "1", "79.00", "month", "", GST),
                DemoLine("Locker", "1", "12.00", "month", "", GST),
            ),
            is_seen=False,
        ),
        DemoInvoice(
            2,
            11,
            Fate.PARTLY_PAID,
            (DemoLine("Team memberships", "14", "65.00", "month", "", GST),),
            net_days=21,
        ),
        DemoInvoice(
            3,
            63,
            Fate.OPEN,
            (DemoLine("Personal training", "5", "88.00", "hour", "", GST),),
        ),
    ),
    usual=(
        DemoLine("Membership, monthly", "1", "79.00", "month", "", GST),
        DemoLine("Personal training", "2", "88.00", "hour", "", GST),
        DemoLine("Protein bars", "12", "4.50", "pc", "", FREE),
    ),
)
