"""Consultants in London: days, workshops and travel."""

from billing_app.domain.document import Look
from billing_app.sandbox.demo.business import (
    DemoBusiness,
    DemoComment,
    DemoContact,
    DemoInvoice,
    DemoLine,
    DemoNote,
    DemoPromise,
    DemoReplacement,
    DemoTax,
    Fate,
)
from billing_app.services.customers import CustomerForm

STANDARD, OUTSIDE = "VAT 20%", "Outside the scope of VAT"

ALDGATE = DemoBusiness(
    key="aldgate",
    name="Aldgate & Pine",
    profile="interactive_portal",
    currency="GBP",
    zone="Europe/London",
    country="GB",
    emblem="peak",
    accent="#4b3f9e",
    look=Look.MODERN,
    letterhead={
        "legal_name": "Aldgate & Pine Consulting Ltd",
        "address": "12 Mitre Street",
        "postal_code": "EC3A 5BU",
        "town": "London",
        "phone": "+44 20 7946 0321",
        "email": "accounts@aldgate.example",
        "website": "aldgate-pine.example",
        "vat_id": "GB987654311",
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
            address="40 Canal Reach",
            postal_code="LS10 1HR",
            town="Leeds",
            country="GB",
        ),
        CustomerForm(
            name="Fjordlys Energi AS",
            email="faktura@fjordlys.example",
            contact_name="Olav Brekke",
            address="Bryggen 17",
            postal_code="5003",
            town="Bergen",
            country="NO",
        ),
        CustomerForm(
            name="Tidal Robotics",
            email="ap@tidal-robotics.example",
            contact_name="Noah Jansen",
            address="3 Dock Road",
            postal_code="BS1 6GU",
            town="Bristol",
            country="GB",
        ),
    ),
    contacts=(
        DemoContact(
            0,
            "Tom Achebe",
            "tom.achebe@meridian-housing.example",
            "to",
            may_pay=True,
            may_see_all=True,
        ),
        DemoContact(0, "Board office", "board@meridian-housing.example"),
        DemoContact(1, "Silje Aas", "silje@fjordlys.example", may_pay=True),
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
            talk=(
                DemoComment(
                    7,
                    "Could you tell us which two days the workshop was? Our approval "
                    "form asks for it.",
                    line="2",
                ),
                DemoComment(
                    7,
                    "Of course: the 14th and the 15th, both in Leeds, with Rahul and "
                    "Abigail.",
                    is_staff=True,
                    line="2",
                ),
                DemoComment(6, "Thank you, that is all we needed."),
                DemoComment(
                    2,
                    "One more thing: the train on the 15th was booked by us, I think. "
                    "Is it in the 312.40?",
                    line="3",
                ),
            ),
        ),
        DemoInvoice(
            1,
            33,
            Fate.OPEN,
            (DemoLine("Tender support, phase 2", "11", "980.00", "day", "", OUTSIDE),),
            notes="Place of supply is Norway.",
            talk=(
                DemoComment(
                    20, "The invoice is with our board, we expect an answer next week."
                ),
                DemoComment(
                    19, "Thank you for telling us, Olav. No hurry.", is_staff=True
                ),
            ),
            promises=(DemoPromise(4, 7),),
            notes_of_staff=(
                DemoNote(
                    6,
                    "Phase 3 hangs on this one. Abigail talks to Olav before anybody "
                    "else writes.",
                ),
            ),
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
            declined_days_ago=(3,),
            talk=(
                DemoComment(
                    3,
                    "Our card was refused for the rest, it seems to be over its limit "
                    "this month. Is a transfer next week all right?",
                ),
            ),
        ),
        DemoInvoice(
            2,
            12,
            Fate.OPEN,
            (
                DemoLine("Interview series", "9", "240.00", "", "", STANDARD),
                DemoLine("Board paper", "1", "1800.00", "", "", STANDARD),
            ),
            talk=(
                DemoComment(
                    11,
                    "Six people were interviewed, not nine. The other three are "
                    "planned for next month.",
                    line="1",
                ),
            ),
            replacement=DemoReplacement(
                10,
                "Nine interviews were charged, six were held.",
                (
                    DemoLine("Interview series", "6", "240.00", "", "", STANDARD),
                    DemoLine("Board paper", "1", "1800.00", "", "", STANDARD),
                ),
            ),
        ),
        DemoInvoice(
            2,
            1,
            Fate.DRAFT,
            (DemoLine("Interim operations lead", "4", "870.00", "day", "", STANDARD),),
        ),
    ),
    reminder_steps=(-3, 0, 7),
    usual=(
        DemoLine("Consulting", "5", "940.00", "day", "", STANDARD),
        DemoLine("Workshop", "1", "1250.00", "", "", STANDARD),
        DemoLine("Board paper", "1", "1800.00", "", "", STANDARD),
        DemoLine("Interview series", "6", "240.00", "", "", STANDARD),
    ),
)
