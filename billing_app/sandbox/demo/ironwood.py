"""A gym in Melbourne: memberships that come again every month."""

from billing_app.domain.document import Look
from billing_app.sandbox.demo.business import (
    DemoBusiness,
    DemoComment,
    DemoContact,
    DemoCredit,
    DemoDispute,
    DemoInvoice,
    DemoLine,
    DemoNote,
    DemoPromise,
    DemoTax,
    Fate,
)
from billing_app.services.customers import NO_LATE_FEES, CustomerForm
from billing_app.services.late_fees import LateFeesForm

GST, FREE = "GST 10%", "GST free"

_MEMBERSHIP = DemoLine("Membership, monthly", "1", "79.00", "month", "", GST)
_LOCKER = DemoLine("Locker", "1", "12.00", "month", "", GST)


def _months(
    customer: int, lines: tuple[DemoLine, ...], paid: Fate, months: int
) -> tuple[DemoInvoice, ...]:
    """Return the same invoice for each of the last months but the current one."""
    return tuple(
        DemoInvoice(customer, 30 * month + 2, paid, lines)
        for month in range(months, 0, -1)
    )


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
        "address": "22 Swan Street",
        "postal_code": "3121",
        "town": "Richmond",
        "region": "VIC",
        "phone": "+61 3 5550 0142",
        "email": "members@ironwood.example",
        "website": "ironwood-gym.example",
        "registration": "ABN 51 824 753 556",
        "net_days": 7,
        "prices_inclusive": True,
        "terms": "Memberships are billed every month.",
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
            address="5 Church Street",
            postal_code="3121",
            town="Richmond",
            region="VIC",
            country="AU",
        ),
        CustomerForm(
            name="Liam Doyle",
            email="liam.doyle@mail.example",
            country="AU",
            # Things are tight, so nobody makes them tighter.
            late_fees=NO_LATE_FEES,
        ),
    ),
    contacts=(
        DemoContact(
            2,
            "Reception",
            "reception@yarra-dental.example",
            "to",
            may_pay=True,
            may_see_all=True,
        ),
    ),
    invoices=(
        *_months(0, (_MEMBERSHIP,), Fate.PAID_BY_CARD, 9),
        *_months(1, (_MEMBERSHIP, _LOCKER), Fate.PAID_BY_CARD, 7)[:-1],
        *_months(3, (_MEMBERSHIP,), Fate.PAID, 6)[:-2],
        DemoInvoice(
            0,
            45,
            Fate.PAID_BY_CARD,
            (DemoLine("Personal training", "4", "88.00", "hour", "", GST),),
            credits=(
                DemoCredit(
                    29,
                    "88.00",
                    "The fourth session did not take place: the trainer was ill.",
                    refunded_days_ago=28,
                ),
            ),
        ),
        DemoInvoice(
            0,
            2,
            Fate.OPEN,
            (_MEMBERSHIP,),
        ),
        DemoInvoice(
            1,
            32,
            Fate.OPEN,
            (
                _MEMBERSHIP,
                _LOCKER,
            ),
        ),
        DemoInvoice(
            1,
            2,
            Fate.OPEN,
            (
                _MEMBERSHIP,
                _LOCKER,
            ),
            is_seen=False,
        ),
        DemoInvoice(
            2,
            11,
            Fate.PARTLY_PAID,
            (DemoLine("Team memberships", "14", "65.00", "month", "", GST),),
            net_days=21,
            talk=(
                DemoComment(
                    8,
                    "Two of our nurses have left. From next month it is twelve "
                    "memberships, please.",
                    line="1",
                ),
                DemoComment(
                    8,
                    "Done, the next invoice has twelve. Good luck to both of them!",
                    is_staff=True,
                    line="1",
                ),
            ),
        ),
        DemoInvoice(
            3,
            63,
            Fate.OPEN,
            (DemoLine("Personal training", "5", "88.00", "hour", "", GST),),
            disputes=(
                DemoDispute(
                    50,
                    "I cancelled the last session the day before.",
                    amount="88.00",
                    answered_days_ago=48,
                    answer="Sessions are free to cancel until 24 hours before; this "
                    "one was cancelled at ten the night before an early session.",
                    note="Booking log: cancelled 22:04 for 06:30.",
                ),
            ),
            returned_days_ago=(40, 26),
            promises=(DemoPromise(24, 10),),
            talk=(
                DemoComment(
                    24,
                    "Sorry, that account was empty. I am paid next week and will do it "
                    "then.",
                ),
                DemoComment(23, "No worries, Liam, thanks for saying.", is_staff=True),
                DemoComment(1, "Could I pay it off in two halves? Things are tight."),
            ),
            notes_of_staff=(
                DemoNote(
                    13,
                    "Nothing came. Isla will have a word when he is next "
                    "at the desk; no more training sessions on account until then.",
                ),
            ),
        ),
    ),
    reminder_steps=(-3, 0, 7, 21),
    late_fees=LateFeesForm(
        is_on=True,
        from_step="21",
        amounts={"AUD": "5.00"},
        percent="5",
        caps={"AUD": "25.00"},
        is_on_documents=True,
    ),
    usual=(
        _MEMBERSHIP,
        DemoLine("Personal training", "2", "88.00", "hour", "", GST),
        DemoLine("Protein bars", "12", "4.50", "pc", "", FREE),
    ),
)
