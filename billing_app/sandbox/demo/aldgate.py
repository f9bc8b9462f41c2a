"""Consultants in London: days, workshops and travel."""

from billing_app.domain.document import Look
from billing_app.domain.portal_settings import CardForm
from billing_app.sandbox.demo.business import (
    DemoBusiness,
    DemoInvoice,
    DemoLine,
    DemoTax,
    Fate,
)
from billing_app.services.customers import CustomerForm

STANDARD, OUTSIDE = "VAT 20%", "Outside the scope of VAT"

ALDGATE = DemoBusiness(
    key="aldgate",
    name="Aldgate & Pine",
    profile="interactive_portal",
    portal={"card_form": CardForm.EMBEDDED},
    currency="GBP",
    zone="Europe/London",
    country="GB",
    emblem="peak",
    accent="#4b3f9e",
    look=Look.MODERN,
    letterhead={
        "legal_name": "Aldgate & Pine Consulting Ltd",
        "address": "12 Mitre Street\nLondon EC3A 5BU",
        "phone": "+44 20 7946 0321",
        "email": "accounts@aldgate.example",
        "website": "aldgate-pine.example",
        "vat_id": "GB987654321",
        "registration": "Company 09876543",
        "net_days": 21,
        "terms": "Payment within 21 days. Questions are welcome on this page.",
    },
    bank=(
        ("Name", "Aldgate & Pine Consulting Ltd"),
        ("Sort code", "20-00-00"),
        ("Account", "55779911"),
    ),
    taxes=(DemoTax(STANDARD, "20"), DemoTax(OUTSIDE, "0", "O")),
    people={"owner": "Abigail Pine", "accounting": "Rahul Mehta"},
    pattern="AP-{year}-{counter:3}",
    customers=(
        CustomerForm(
            name="Meridian Housing Trust",
            email="finance@meridian-housing.example",
            contact_name="Grace Lindqvist",
            address="40 Canal Reach\nLeeds LS10 1HR",
            country="GB",
        ),
        CustomerForm(
            name="Fjordlys Energi AS",
            email="faktura@fjordlys.example",
            contact_name="Olav Brekke",
            address="Bryggen 17\n5003 Bergen",
            country="NO",
        ),
        CustomerForm(
            name="Tidal Robotics",
            email="ap@tidal-robotics.example",
            contact_name="Noah Jansen",
            address="3 Dock Road\nBristol BS1 6GU",
            country="GB",
        ),
    ),
    invoices=(
        DemoInvoice(
            0,
            9,
            Fate.OPEN,
            (
                DemoLine("Repairs service review", "8", "940.00", "day", "", STANDARD),
                DemoLine(
                    "Tenant workshop",
                    "2",
                    "1250.00",
                    "",
                    "Leeds, 14 and 15 of the month",
                    STANDARD,
                ),
                DemoLine("Rail travel at cost", "1", "312.40", "", "", STANDARD),
            ),
            purchase_order="MHT-00471",
        ),
        DemoInvoice(
            1,
            33,
            Fate.OPEN,
            (DemoLine("Tender support, phase 2", "11", "980.00", "day", "", OUTSIDE),),
            notes="Place of supply is Norway.",
        ),
        DemoInvoice(
            2,
            15,
            Fate.PARTLY_PAID,
            (
                DemoLine(
                    "Interim operations lead", "10", "870.00", "day", "", STANDARD
                ),
                DemoLine("Hiring workshop", "1", "1100.00", "", "", STANDARD),
            ),
            discount="5%",
        ),
        DemoInvoice(
            2,
            1,
            Fate.DRAFT,
            (DemoLine("Interim operations lead", "4", "870.00", "day", "", STANDARD),),
        ),
    ),
    usual=(
        DemoLine("Consulting", "5", "940.00", "day", "", STANDARD),
        DemoLine("Workshop", "1", "1250.00", "", "", STANDARD),
        DemoLine("Board paper", "1", "1800.00", "", "", STANDARD),
        DemoLine("Interview series", "6", "240.00", "", "", STANDARD),
    ),
)
