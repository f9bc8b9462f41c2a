"""Whatever anybody sends through a public door, no invoice says anything else.

Four visitors knock at every handler of the portal and at every route that needs no
member of staff: nobody, and a customer of Northwind by an invoice link, by the customer
link and in a session. All that may be allowed is, and cards are taken. Another customer
there and another business must not even notice.
"""

from __future__ import annotations

import contextlib
import inspect
import re
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import cycle, islice
from pathlib import Path
from typing import Any, get_type_hints

import httpx
import pytest
from markupsafe import Markup
from pypdf import PdfWriter
from sqlalchemy import Row, Table
from sqlmodel import SQLModel, select
from starlette.applications import Starlette

from billing_app.billing_app import app
from billing_app.database.secrets import digest
from billing_app.domain.actors import Proof
from billing_app.domain.cookies import portal_cookie
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.portal_settings import DisputeMode, WriteAuth
from billing_app.endpoints.first_paint import FirstPaint
from billing_app.endpoints.portal_pages import portal_painters
from billing_app.models import Comment, Dispute, IssuedDocument, PaymentAttempt
from billing_app.services import drafts, portal_links
from billing_app.web import gate
from billing_app.web.doors import Audience
from tests.architecture.test_access import door_of, made_routes, route_functions
from tests.support.asgi import make_client_folder
from tests.support.billing import a_customer, all_rows, an_invoice, pay, visitor_of
from tests.support.driver import Driver
from tests.support.quarrel import dispute
from tests.support.talk import choose, proven
from tests.support.till import Till, counter, till
from tests.support.world import World

__all__ = ["counter", "till"]

WAYS = ("nobody", "invoice link", "customer link", "session")
SLUG = "northwind-charter"
LONG = "9" * 5_000
TEXTS = (
    *("", "0.01", "-5", "1e9", "NaN", "1\x00", "١", "%00", "EUR", "pdf", LONG),
    *("void", "' or 1=1 --", "{{7*7}}", "<script>alert(1)</script>", "../../x"),
)
NUMBERS = (0, -1, 10**14, 2**63 - 1)
OTHER_TYPES = (None, True, 1.5, ["1"], {"a": {"b": ["c"]}}, 2**63)
# The fields of all forms of the portal, and of forms that only staff have.
FORM = {
    **{"amount": "1.00", "balance": "EUR", "line": "1", "reason": "Less, please"},
    **{"body": "I say it is 1.00", "name": "Ines", "email": "ines@vermeer.example"},
    **{"promised_on": "2026-03-20", "request_key": "a-key-of-a-program"},
    **{"from": "0001-01-01", "to": "9999-12-31", "step": "email", "code": "000000"},
    **{"customer_id": "1", "due_on": "2099-12-31", "number": "INV-9", "note": "x"},
    **{"outcome": "void", "total_minor": "1", "unit_price": "0.01", "quantity": "0"},
    **{"state": "void", "outstanding_minor": "0", "workspace_id": "2"},
}
QUERY = "from=%00&to=x&before=99999999999999999999&page=%00&preview=1&view=pdf&file=%FF"
# What the form at the end of a path asks for: more fields are refused unread.
FIELDS = {
    "pay": ("amount", "balance", "invoice"),
    "comments": ("body", "name", "email", "line", "request_key"),
    "disputes": ("amount", "line", "reason", "request_key"),
    "promises": ("promised_on",),
    "verify": ("step", "email", "code", "asked", "customer"),
    "sign-in": ("step", "email", "code", "asked", "customer"),
}
OTHER_FIELDS = ("email", "password", "code", "workspace_id")
BODIES: tuple[dict[str, Any], ...] = (
    {"data": FORM},
    {"json": FORM},
    {"files": {"amount": ("a.txt", b"0.01"), "body": ("b", b"\xff")}},
    {
        "content": b"\xff=%ED%A0%80&=&amount",
        "headers": {"content-type": "application/x-www-form-urlencoded"},
    },
)

# What a key allows, so that not all of it is refused.
ALLOWED = {"Comment", "Dispute", "PaymentAttempt"}
_WRONG = "w" * 43
# What looking, asking and arguing may write on the row of one's own invoice.
_MAY_MOVE = {"first_viewed_at", "disputed_minor", "changed_at"}
_SAYS = ("invoice", "line_item", "issued_document", "credit_note", "write_off")
_MONEY = ("payment", "allocation", "refund", "ledger_entry")


@dataclass(frozen=True)
class Street:
    """Two businesses side by side, and the keys of one customer.

    Attributes:
        own_ids: what the customer was billed: one open, one in part paid, a draft.
        foreign_ids: invoices of the other customer and of the other business.
        dispute_id: of the other customer.
        invoice_token: of the link to the open invoice.
    """

    world: World
    customer_id: int
    own_ids: tuple[int, ...]
    foreign_ids: tuple[int, ...]
    dispute_id: int
    invoice_token: str
    customer_token: str

    def key(self, way: str) -> str:
        held = {
            "invoice link": self.invoice_token,
            "customer link": self.customer_token,
        }
        return held.get(way, _WRONG)

    def cookie(self, way: str) -> str:
        return f"{portal_cookie(False, 1)}=proof" if way == "session" else ""

    def pages(self, way: str) -> tuple[str, ...]:
        """Return the pages through whose socket this visitor sends events."""
        key = self.key(way)
        alone = (f"/p/{key}",) if way == "invoice link" else ()
        account = {
            "invoice link": f"/p/{key}/account",
            "session": f"/account/{SLUG}",
        }.get(way, f"/c/{key}")
        named = (self.own_ids[0], *self.foreign_ids)
        return (*alone, account, *(f"{account}/{each}" for each in named))

    def said(self) -> list[Row[Any]]:
        """Return the customer's invoices and the money on them, as stored."""
        return [
            row
            for name in (*_SAYS, *_MONEY)
            for row in self._rows(
                SQLModel.metadata.tables[name], self._is_own, _MAY_MOVE
            )
        ]

    def others(self) -> list[Row[Any]]:
        """Return all that is stored of the other business and the other customer."""
        kestrel = self.world.kestrel.workspace_id
        return [
            row
            for table in SQLModel.metadata.sorted_tables
            for row in self._rows(table, lambda c: c.workspace_id == kestrel)
            + self._rows(table, lambda c: c.customer_id != self.customer_id)
        ]

    def asked(self) -> set[str]:
        """Return the names of what the customer said, disputed and began to pay."""
        return {
            type(each).__name__
            for table in (Comment, Dispute, PaymentAttempt)
            for each in all_rows(self.world, self.world.northwind, table)
            if each.customer_id == self.customer_id
        }

    def _is_own(self, columns: Any) -> Any:
        if "customer_id" in columns:
            return columns.customer_id == self.customer_id
        return columns.invoice_id.in_(self.own_ids)

    def _rows(
        self, table: Table, whose: Callable[[Any], Any], leaving: Collection[str] = ()
    ) -> list[Row[Any]]:
        try:
            condition = whose(table.c)
        except AttributeError:
            # It belongs to nobody in particular.
            return []
        columns = [x for x in table.c if x.name not in leaving]
        with self.world.runtime.engine.connect() as connection:
            return list(connection.execute(select(*columns).where(condition)))


@pytest.fixture
def street(till: Till) -> Street:
    world, north = till.world, till.place
    for place in world.places:
        choose(
            world,
            place,
            write_auth=WriteAuth.LINK,
            disputes=DisputeMode.OPEN,
            link_opens_account=True,
        )
    ours, theirs = (a_customer(world, north, x) for x in ("Vermeer", "Halden"))
    owed, partly = (
        an_invoice(world, north, total, customer_id=ours) for total in ("100.00", "50")
    )
    pay(world, north, partly, "20.00", note="by hand")
    form = DraftForm(customer_id=ours, lines=(LineForm(name="Next", unit_price="9"),))
    draft = world.run(north.accounting, drafts.create_draft, form)
    foreign = an_invoice(world, north, "777.77", customer_id=theirs)
    pay(world, north, foreign, "7.77")
    elsewhere = an_invoice(world, world.kestrel, "888.88")
    print_all(world)
    visitor = visitor_of(world, north, owed)
    proven(world, north, visitor, Proof.SESSION, token_digest=digest("proof"))
    links = portal_links
    return Street(
        world,
        ours,
        (owed, partly, draft.invoice_id),
        (foreign, elsewhere),
        dispute(world, north, foreign),
        world.run(north.accounting, links.copy_link, owed),
        world.run(north.accounting, links.copy_customer_link, ours),
    )


def print_all(world: World) -> None:
    """Store a file as the printed form of each document: nobody prints here."""
    writer, written = PdfWriter(), BytesIO()
    writer.add_blank_page(595, 842)
    writer.write(written)
    named = world.runtime.files.put(written.getvalue(), ".pdf")
    for place in world.places:
        with world.unit(place.system) as uow:
            for document in uow.all(select(IssuedDocument)):
                document.pdf_digest = named


@pytest.mark.feature("F019")
@pytest.mark.parametrize("way", WAYS)
async def test_no_event_of_a_visitor_changes_an_invoice(
    street: Street, way: str, caplog: pytest.LogCaptureFixture
):
    before, theirs = street.said(), street.others()
    handlers = public_handlers()

    for page in street.pages(way):
        async with Driver(street.cookie(way), page) as driver:
            # Those without arguments open the forms that the others send.
            for name, types in sorted(handlers.items(), key=lambda x: bool(x[1])):
                for payload in payloads(street, types):
                    await driver.send_payload(name, payload)

    assert street.said() == before
    assert street.others() == theirs
    assert "crashed" not in caplog.text
    assert street.asked() == (set() if way == "nobody" else ALLOWED)


@pytest.mark.feature("F019")
@pytest.mark.parametrize("way", WAYS)
async def test_no_request_of_a_visitor_changes_an_invoice(
    street: Street, way: str, tmp_path: Path
):
    before, theirs = street.said(), street.others()

    async with knocking(street, way, tmp_path) as client:
        for method, path in public_routes():
            for address in addresses(street, way, path):
                for sent in sendings(street, method, path):
                    answer = await client.request(method, address, **sent)
                    assert answer.status_code < 500, (address, sent)

    assert street.said() == before
    assert street.others() == theirs
    assert street.asked() == (set() if way == "nobody" else ALLOWED)


def public_handlers() -> dict[str, dict[str, Any]]:
    """Return what a page of the portal can send: handlers, their arguments' types."""
    assert app is not None
    return {
        name: {
            each: get_type_hints(handler)[each]
            for each in list(inspect.signature(handler).parameters)[1:]
        }
        for name, handler in gate.handlers().items()
        if name.rpartition("___")[2].startswith("portal_")
        and getattr(handler, "audience", Audience.STAFF) != Audience.STAFF
        # Those that watch run for as long as the page is open, and only read.
        and not name.endswith(".watch")
    }


def payloads(street: Street, types: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give all arguments one hostile value after the other, of their type and not."""
    if not types:
        return iter([{}])
    ids = (*street.own_ids, *street.foreign_ids, street.dispute_id, *NUMBERS)
    forms = [FORM, {}, *(dict.fromkeys(FORM, text) for text in TEXTS)]
    values = {int: ids, str: TEXTS}
    lists = {name: [*values.get(t, forms), *OTHER_TYPES] for name, t in types.items()}
    longest = max(map(len, lists.values()))
    columns = (islice(cycle(each), longest) for each in lists.values())
    return (dict(zip(types, row, strict=True)) for row in zip(*columns, strict=True))


def public_routes() -> list[tuple[str, str]]:
    """Return method and path of every route for others than staff.

    Signing out comes last: it would take the key from whoever comes after.
    """
    found = {
        (method, route.path)
        for make in route_functions().values()
        for route in made_routes(make)
        for method in route.methods - {"HEAD"}
        if not door_of(route.path).startswith("member")
    }
    return sorted(found, key=lambda x: (x[1].endswith("sign-out"), x[1], x[0]))


def addresses(street: Street, way: str, path: str) -> Iterator[str]:
    """Fill in a path with what is one's own, what is not, and what is nothing."""
    own, *_, draft = street.own_ids
    tried = (
        *((own, 1), (own, street.dispute_id), (draft, 2), (10**14, 10**14)),
        *((each, 1) for each in street.foreign_ids),
    )
    filled = (fill(path, street.key(way), *each) for each in tried)
    # Many a path names nothing but its key.
    return iter(dict.fromkeys(filled))


def fill(path: str, key: str, invoice_id: int, other_id: int) -> str:
    named = {"invoice_id:id": str(invoice_id), "slug": SLUG, "workspace": SLUG}
    named |= {"token": key, "code": key, "digest": "0", "language": "en"}
    return re.sub(r"{([^}]+)}", lambda it: named.get(it[1], str(other_id)), path)


def sendings(street: Street, method: str, path: str) -> Iterator[dict[str, Any]]:
    """Return what is sent along: a form as a page fills it in, and hostile ones."""
    if method == "GET":
        yield from ({}, {"params": QUERY})
        return
    fields = FIELDS.get(path.rsplit("/", 1)[1], OTHER_FIELDS)
    good = {name: FORM.get(name, "1") for name in fields}
    yield {"data": good}
    yield {
        "data": {**good, "balance": "", "invoice": list(map(str, street.foreign_ids))}
    }
    for text in ("-5", "1\x00", LONG, "<b>"):
        yield {"data": dict.fromkeys(fields, text)}
    yield from BODIES


@contextlib.asynccontextmanager
async def knocking(
    street: Street, way: str, folder: Path
) -> AsyncIterator[httpx.AsyncClient]:
    """A visitor's client over all routes; a crash in one fails the test."""
    routes = [x for make in route_functions().values() for x in made_routes(make)]
    routed = FirstPaint(
        Starlette(routes=routes),
        make_client_folder(folder / "client"),
        painters=portal_painters(Markup(""), Markup("")),
    )
    transport = httpx.ASGITransport(app=routed, raise_app_exceptions=True)
    async with httpx.AsyncClient(
        transport=transport,
        base_url="http://localhost:8000",
        headers={"cookie": street.cookie(way)},
    ) as client:
        yield client
