"""A charter airline in Rotterdam: trips, fuel and handling."""

from billing_app.domain.document import Look
from billing_app.sandbox.demo.business import (
    DemoBusiness,
    DemoContact,
    DemoEnd,
    DemoEvent,
    DemoInvoice,
    DemoLine,
    DemoNote,
    DemoPromise,
    DemoTax,
    Fate,
)
from billing_app.services.customers import CustomerForm

ZERO, LOW, HIGH = "VAT 0%", "VAT 9%", "VAT 21%"
_DUTCH_TAXES = (DemoTax(HIGH, "21"), DemoTax(LOW, "9"), DemoTax(ZERO, "0", "Z"))


def _flight(leg: str, hours: str, group: str, trip: str = "") -> DemoLine:
    return DemoLine(
        "Charter flight, Citation CJ3+",
        hours,
        "3450.00",
        "h",
        leg,
        ZERO,
        group,
        events=(
            (DemoEvent("Trip leg", trip, "3450.00", ((hours, "block hours"),), leg, 3),)
            if trip
            else ()
        ),
    )


_LONDON = "Rotterdam – London City – Rotterdam"
_GENEVA = "Rotterdam – Geneva – Rotterdam"

NORTHWIND = DemoBusiness(
    key="northwind",
    name="Northwind Charter",
    profile="closed_billing",
    currency="EUR",
    zone="Europe/Amsterdam",
    country="NL",
    emblem="plane",
    accent="#0f5c73",
    look=Look.MODERN,
    letterhead={
        "legal_name": "Northwind Charter B.V.",
        "address": "Heathrowbaan 4",
        "postal_code": "3045 AG",
        "town": "Rotterdam",
        "phone": "+31 10 555 01 42",
        "email": "billing@northwind.example",
        "website": "northwind-charter.example",
        "vat_id": "NL861234509B01",
        "registration": "70112233",
        "net_days": 30,
        "bank_iban": "NL91ABNA0417164300",
        "terms": "Please pay within 30 days and quote the invoice number.",
    },
    bank=(
        ("Name", "Northwind Charter B.V."),
        ("IBAN", "NL91 ABNA 0417 1643 00"),
        ("BIC", "ABNANL2A"),
    ),
    taxes=_DUTCH_TAXES,
    people={
        "owner": "Nora Brandt",
        "accounting": "Joost Bakker",
        "viewer": "Vera Smit",
    },
    pattern="{year}-{counter:4}",
    customers=(
        CustomerForm(
            name="Vermeer Optics B.V.",
            email="ap@vermeer-optics.example",
            contact_name="Ines Vermeer",
            address="Keizersgracht 214",
            postal_code="1016 DX",
            town="Amsterdam",
            country="NL",
            vat_id="NL003456705B12",
            registration="KvK 33456705",
        ),
        CustomerForm(
            name="Kestrel Biotech Holdings AG",
            email="rechnungen@kestrel-biotech.example",
            contact_name="Dr. Urs Amstutz",
            address="Grafenauweg 8",
            postal_code="6300",
            town="Zug",
            country="CH",
            language="de",
        ),
        CustomerForm(
            name="شركة واحة الخليج للطيران",
            email="accounts@oasis-gulf.example",
            contact_name="Layla Al-Mansoori",
            address="Sheikh Zayed Road 88",
            town="Dubai",
            country="AE",
            language="ar",
        ),
        CustomerForm(
            name="東都トレーディング株式会社",
            email="keiri@toto-trading.example",
            contact_name="佐藤 健",
            address="丸の内1-9-2",
            postal_code="100-0005",
            town="千代田区",
            region="東京都",
            country="JP",
        ),
        CustomerForm(
            name="Internationale Gesellschaft zur Förderung nachhaltiger "
            "Regionalflughafeninfrastruktur mbH & Co. Beteiligungs-KG",
            email="buchhaltung@igfnr.example",
            contact_name="Annegret Freifrau von Hohenfels-Rautenbach",
            address="Unter den Linden 77",
            postal_code="10117",
            town="Berlin",
            country="DE",
            language="de",
        ),
        CustomerForm(
            name="De Waal Architecten",
            email="administratie@dewaal.example",
            address="Wijnhaven 60",
            postal_code="3011 WS",
            town="Rotterdam",
            country="NL",
        ),
    ),
    contacts=(
        DemoContact(
            0,
            "Pieter de Groot",
            "p.degroot@vermeer-optics.example",
            "to",
            may_see_all=True,
        ),
        DemoContact(0, "Travel desk", "travel@vermeer-optics.example"),
    ),
    invoices=(
        DemoInvoice(
            0,
            12,
            Fate.OPEN,
            (
                _flight("Block time 2 h 24 min", "2.4", _LONDON, "NW-1187"),
                DemoLine(
                    "Fuel uplift, London City",
                    "1180",
                    "1.42",
                    "L",
                    "Fuel slip EGLC-55021",
                    ZERO,
                    _LONDON,
                    events=(
                        DemoEvent(
                            "Fuel", "EGLC-55021", "1.42", (("1180", "L"),), "Jet A-1", 3
                        ),
                    ),
                ),
                DemoLine(
                    "Landing and handling, London City",
                    "1",
                    "1240.00",
                    "",
                    "Handler receipt LCY-30418",
                    ZERO,
                    _LONDON,
                    events=(
                        DemoEvent(
                            "Landing fee", "LCY-30418", "790.00", (("1", "landing"),)
                        ),
                        DemoEvent(
                            "Handling", "LCY-30418", "225.00", (("2", "turnarounds"),)
                        ),
                    ),
                ),
                DemoLine(
                    "Ground transfer, Rotterdam",
                    "2",
                    "145.00",
                    "",
                    "Booking GT-2207",
                    LOW,
                    _LONDON,
                ),
                _flight("Block time 3 h 36 min", "3.6", _GENEVA, "NW-1192"),
                DemoLine(
                    "Fuel uplift, Geneva",
                    "1640",
                    "1.51",
                    "L",
                    "Fuel slip LSGG-88214",
                    ZERO,
                    _GENEVA,
                    events=(
                        DemoEvent(
                            "Fuel", "LSGG-88214", "1.51", (("1640", "L"),), "Jet A-1"
                        ),
                    ),
                ),
                DemoLine(
                    "Catering, six passengers",
                    "6",
                    "64.50",
                    "",
                    "Order CAT-0931",
                    LOW,
                    _GENEVA,
                ),
                DemoLine(
                    "Overnight hangar, Rotterdam",
                    "2",
                    "310.00",
                    "night",
                    "",
                    HIGH,
                    _GENEVA,
                ),
            ),
            purchase_order="PO 4500-2291",
            notes="International passenger flights are charged at 0% VAT. Fuel is "
            "billed at the uplift price on the slip, without a margin.",
        ),
        DemoInvoice(
            1,
            44,
            Fate.OPEN,
            (
                _flight("Rotterdam – Zurich", "1.8", "", "NW-1164"),
                DemoLine(
                    "De-icing, type I",
                    "340",
                    "6.80",
                    "L",
                    "",
                    ZERO,
                    events=(
                        DemoEvent("De-icing", "ZRH-7719", "6.80", (("340", "L"),)),
                    ),
                ),
                DemoLine("Parking, Zurich", "3", "210.00", "day", "", ZERO),
            ),
            promises=(DemoPromise(7, 11, by_phone=True),),
            reminded_days_ago=(10,),
            notes_of_staff=(
                DemoNote(
                    7,
                    "Called Dr. Amstutz: their new bookkeeper starts on Monday, the "
                    "transfer goes out with the first run. Do not chase before.",
                ),
            ),
        ),
        DemoInvoice(
            2,
            20,
            Fate.PARTLY_PAID,
            (
                _flight("Dubai – Muscat – Dubai", "2.2", "", "NW-1179"),
                DemoLine("Crew accommodation", "2", "280.00", "night", "", HIGH),
            ),
            notes_of_staff=(
                DemoNote(
                    9,
                    "They always pay in two parts: the flight first, the hotel once "
                    "their own guest has settled.",
                ),
            ),
        ),
        DemoInvoice(
            3,
            6,
            Fate.PROCESSING,
            (
                _flight("Amsterdam – Milan", "1.7", "", "NW-1196"),
                DemoLine("Catering, four passengers", "4", "88.00", "", "", LOW),
            ),
        ),
        DemoInvoice(
            4,
            16,
            Fate.VOID,
            (_flight("Rotterdam – Berlin, trip NW-1185, cancelled", "1.3", ""),),
        ),
        DemoInvoice(
            4,
            14,
            Fate.OPEN,
            (
                DemoLine("Cancellation fee", "1", "2242.50", "", "Trip NW-1185", ZERO),
                DemoLine("Slot fee, Berlin", "1", "185.00", "", "", ZERO),
            ),
            is_seen=False,
        ),
        DemoInvoice(
            5,
            2,
            Fate.OPEN,
            (
                DemoLine("Site survey flight", "2.2", "1980.00", "h", "", HIGH),
                DemoLine("Photographer on board", "1", "420.00", "", "", HIGH),
            ),
            is_seen=False,
        ),
        DemoInvoice(
            5,
            1,
            Fate.ISSUED,
            (DemoLine("Site survey flight", "1.5", "1980.00", "h", "", HIGH),),
        ),
        DemoInvoice(
            0,
            0,
            Fate.DRAFT,
            (
                _flight("Trip leg NW-1203", "2.1", ""),
                DemoLine("Fuel uplift, Farnborough", "960", "1.39", "L", "", ZERO),
            ),
        ),
        DemoInvoice(
            5,
            2,
            Fate.DRAFT,
            (DemoLine("Aerial photographs", "12", "95.00", "", "", HIGH),),
        ),
        DemoInvoice(
            3,
            84,
            Fate.WRITTEN_OFF,
            (
                _flight("Amsterdam – Farnborough – Amsterdam", "2.6", "", "NW-1141"),
                DemoLine("Ramp handling, Farnborough", "1", "960.00", "", "", ZERO),
            ),
            end=DemoEnd(
                "Their bank kept its charges from the transfer. Not worth asking for.",
                rest="38.50",
            ),
        ),
        DemoInvoice(
            5,
            9,
            Fate.CANCELLED,
            (
                DemoLine("Site survey flight", "2.0", "1980.00", "h", "", HIGH),
                DemoLine("Thermal camera, hire", "1", "640.00", "day", "", HIGH),
            ),
            end=DemoEnd("The building permit was refused, so nobody needs the flight."),
        ),
    ),
    paid_per_month=2,
    usual=(
        _flight("Rotterdam – Paris Le Bourget – Rotterdam", "2.0", ""),
        _flight("Rotterdam – Nice", "1.9", ""),
        _flight("Groningen – London Biggin Hill", "1.4", ""),
        DemoLine("Landing and handling", "1", "1085.00", "", "", ZERO),
        DemoLine("Catering", "5", "61.00", "", "", LOW),
        DemoLine("Overnight hangar", "1", "310.00", "night", "", HIGH),
    ),
)
