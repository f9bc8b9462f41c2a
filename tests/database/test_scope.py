"""Other workspaces, other customers and drafts do not exist for whoever asks."""

# The models' columns are plain types to a checker.
# pyright: reportCallIssue=false

import pytest
from sqlalchemy import bindparam, delete, exists, func, or_, union_all
from sqlalchemy import select as columns
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from billing_app.database import authentication
from billing_app.database.scope import Reach, limited_once, tables_below
from billing_app.domain.actors import Nobody, PortalVisitor
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.errors import NotFound
from billing_app.models import (
    AuditEntry,
    Customer,
    Invoice,
    IssuedDocument,
    LineItem,
    PaymentNote,
    PortalLink,
    WorkspaceOwned,
    WorkspaceSettings,
)
from billing_app.services import drafts, invoices, portal_links
from billing_app.services.customers import CustomerForm, create_customer

LINE = LineForm(name="Work", unit_price="100.00")


@pytest.fixture
def filled(world):
    """Two published invoices and a draft in each workspace, for two customers."""
    made = {}
    for place in (world.northwind, world.kestrel):
        ids = []
        for name in ("First", "Second"):
            customer_id = world.run(place.owner, create_customer, CustomerForm(name))
            form = DraftForm(customer_id=customer_id, lines=(LINE,))
            draft = world.run(place.owner, drafts.create_draft, form)
            world.run(
                place.owner, invoices.issue_and_publish, draft.invoice_id, draft.version
            )
            ids.append((customer_id, draft.invoice_id))
            world.run(place.owner, drafts.create_draft, form)
        made[place] = ids
    return made


def statements():
    other = aliased(Invoice)
    cte = columns(Invoice.id).cte()
    return {
        "rows": select(Invoice),
        "one column": select(Invoice.id),
        "several columns": columns(Invoice.id, Invoice.number),
        "count": select(func.count()).select_from(Invoice),
        "alias": select(other),
        "self-join": select(Invoice).join(other, col(other.id) == Invoice.id),
        "outer join": columns(Customer.id, Invoice.id).outerjoin(
            Invoice, col(Invoice.customer_id) == Customer.id
        ),
        "subquery": columns(columns(Invoice.id).subquery()),
        "cte": columns(cte),
        "union": union_all(columns(Invoice.id), columns(other.id)),
        "or true": select(Invoice.id).where(
            or_(col(Invoice.id) > 0, col(Invoice.id) < 0)
        ),
    }


def answer(world, actor, statement):
    with world.reading(actor) as uow:
        return sorted(str(row) for row in uow.all(statement))


@pytest.mark.parametrize("name", statements())
def test_staff_see_only_their_workspace(world, filled, name):
    ours = answer(world, world.northwind.owner, statements()[name])
    theirs = answer(world, world.kestrel.owner, statements()[name])
    nobodys = answer(world, Nobody(), statements()[name])

    assert len(ours) == len(theirs)
    assert ours != theirs or name == "count"
    assert nobodys in ([], ["0"], ["(0,)"])


def test_one_kept_statement_is_limited_anew_for_each_actor(world, filled):
    """A statement with named values is remembered, yet never across actors."""
    kept = select(col(Invoice.id)).where(col(Invoice.id) > bindparam("least"))
    ours = [x for _, x in filled[world.northwind]]
    customer_id, invoice_id = filled[world.northwind][0]
    visitor = PortalVisitor(
        world.northwind.owner.workspace_id, customer_id, 1, invoice_id
    )

    for _ in range(2):
        for actor in (world.northwind.owner, world.kestrel.owner, visitor, Nobody()):
            with world.reading(actor) as uow:
                seen = uow.all(kept, least=0)
                fresh = uow.all(select(col(Invoice.id)).where(col(Invoice.id) > 0))
                later = uow.all(kept, least=ours[0])
            assert sorted(seen) == sorted(fresh)
            assert sorted(later) == sorted(x for x in fresh if x > ours[0])


def actors_of(world, filled):
    """Everybody who may ask: staff of both, and visitors who see less and less."""
    customer_id, invoice_id = filled[world.northwind][0]
    other_customer_id, other_invoice_id = filled[world.northwind][1]
    workspace_id = world.northwind.owner.workspace_id
    return (
        world.northwind.owner,
        world.kestrel.owner,
        PortalVisitor(workspace_id, customer_id, 1, None),
        PortalVisitor(workspace_id, other_customer_id, 2, None),
        PortalVisitor(workspace_id, customer_id, 1, invoice_id),
        PortalVisitor(workspace_id, other_customer_id, 2, other_invoice_id),
        PortalVisitor(workspace_id, customer_id, 1, other_invoice_id),
        Nobody(),
    )


@pytest.mark.parametrize("table", [*tables_below(WorkspaceOwned)])
def test_every_table_is_limited_alike_in_a_kept_statement(world, filled, table):
    kept = select(table.id).where(table.id > bindparam("least"))
    for actor in actors_of(world, filled) * 2:
        with world.reading(actor) as uow:
            seen = uow.all(kept, least=0)
            fresh = uow.all(select(table.id).where(table.id > 0))
        assert sorted(seen) == sorted(fresh)


@pytest.mark.parametrize("name", statements())
def test_every_form_of_statement_is_limited_alike_when_kept(world, filled, name):
    kept = statements()[name]
    for actor in actors_of(world, filled) * 2:
        fresh = answer(world, actor, statements()[name])
        with world.reading(actor) as uow:
            seen = uow.all(kept, unused=0)
        assert sorted(str(row) for row in seen) == fresh


def test_nobody_can_name_another_actors_ids(world, filled):
    customer_id, invoice_id = filled[world.northwind][0]
    other_customer_id, other_invoice_id = filled[world.northwind][1]
    workspace_id = world.northwind.owner.workspace_id
    visitor = PortalVisitor(workspace_id, customer_id, 1, invoice_id)
    foreign = {
        "actor_workspace_id": world.kestrel.owner.workspace_id,
        "actor_customer_id": other_customer_id,
        "actor_invoice_id": other_invoice_id,
    }

    with world.reading(visitor) as uow:
        assert uow.all(select(Invoice.id), **foreign) == [invoice_id]


def test_a_kept_statement_without_the_actors_ids_fails(world):
    statement = limited_once(select(Invoice.id), Reach.WORKSPACE)

    with (
        Session(world.runtime.engine) as session,
        pytest.raises(StatementError, match="value is required"),
    ):
        session.exec(statement).all()


def test_an_appended_row_is_the_actors_whatever_it_says(world):
    entry = {
        "event": "tried",
        "actor": "",
        "actor_name": "",
        "details": {},
        "workspace_id": world.kestrel.owner.workspace_id,
    }
    with world.unit(world.northwind.owner) as uow:
        uow.append(AuditEntry, [{**entry, "at": uow.now}])

    with world.reading(world.kestrel.owner) as uow:
        assert "tried" not in uow.all(select(col(AuditEntry.event)))
    with world.reading(world.northwind.owner) as uow:
        assert "tried" in uow.all(select(col(AuditEntry.event)))


@pytest.mark.parametrize("name", statements())
def test_the_answer_does_not_depend_on_who_asked_before(world, filled, name):
    """SQLAlchemy caches the SQL of a statement, never the values in it."""
    first = answer(world, world.northwind.owner, statements()[name])
    answer(world, world.kestrel.owner, statements()[name])

    assert answer(world, world.northwind.owner, statements()[name]) == first


def test_exists_is_limited_too(world, filled):
    (_, foreign_id), _ = filled[world.kestrel]
    asked = columns(exists().where(col(Invoice.id) == foreign_id))

    assert answer(world, world.northwind.owner, asked) == ["(False,)"]


def test_a_bulk_delete_reaches_only_ones_own(world, filled):
    with world.unit(world.northwind.owner) as uow:
        uow.execute(delete(Invoice).where(col(Invoice.state) == "draft"))

    with world.reading(world.kestrel.owner) as uow:
        kept = uow.all(select(Invoice.id).where(col(Invoice.state) == "draft"))
    assert len(kept) == 2


def test_a_row_of_another_workspace_can_not_be_written(world, filled):
    def smuggle():
        with world.unit(world.northwind.owner) as uow:
            entry = uow.first(select(Customer))
            entry.workspace_id = 2

    with pytest.raises(AssertionError, match="another workspace"):
        smuggle()


class TestVisitor:
    def visitor(self, world, filled, **changes):
        customer_id, invoice_id = filled[world.northwind][0]
        facts = {
            "workspace_id": world.northwind.owner.workspace_id,
            "customer_id": customer_id,
            "link_id": 1,
            "invoice_id": invoice_id,
        }
        return PortalVisitor(**(facts | changes))

    @pytest.mark.parametrize(
        "table",
        [Customer, LineItem, PaymentNote, AuditEntry, PortalLink, WorkspaceSettings],
    )
    def test_staff_tables_do_not_exist(self, world, filled, table):
        assert answer(world, self.visitor(world, filled), select(table)) == []

    def test_an_invoice_link_opens_one_invoice_and_its_document(self, world, filled):
        _, invoice_id = filled[world.northwind][0]
        visitor = self.visitor(world, filled)

        assert answer(world, visitor, select(Invoice.id)) == [str(invoice_id)]
        assert answer(world, visitor, select(IssuedDocument.invoice_id)) == [
            str(invoice_id)
        ]

    @pytest.mark.feature("F053")
    def test_a_customer_link_opens_the_customers_published_ones(self, world, filled):
        _, invoice_id = filled[world.northwind][0]
        visitor = self.visitor(world, filled, invoice_id=None)

        assert answer(world, visitor, select(Invoice.id)) == [str(invoice_id)]

    @pytest.mark.feature("G12")
    def test_one_visitor_never_gets_what_another_was_shown(self, world, filled):
        shown = {}
        for customer_id, invoice_id in filled[world.northwind] * 2:
            visitor = self.visitor(
                world, filled, customer_id=customer_id, invoice_id=invoice_id
            )
            shown[invoice_id] = answer(world, visitor, select(Invoice.id))

        assert shown == {key: [str(key)] for key in shown}


class TestLinks:
    def link(self, world, invoice_id):
        return world.run(world.northwind.owner, portal_links.copy_link, invoice_id)

    def open(self, world, token):
        runtime = world.runtime
        return authentication.visitor_from_link(runtime.engine, token, runtime.now())

    def test_a_live_link_names_its_customer_and_invoice(self, world, filled):
        customer_id, invoice_id = filled[world.northwind][0]

        visitor = self.open(world, self.link(world, invoice_id))

        assert (visitor.customer_id, visitor.invoice_id) == (customer_id, invoice_id)

    @pytest.mark.feature("F005")
    def test_it_still_opens_in_ten_years(self, world, filled):
        _, invoice_id = filled[world.northwind][0]
        token = self.link(world, invoice_id)

        world.clock.advance(days=3653)

        assert self.open(world, token).invoice_id == invoice_id

    @pytest.mark.parametrize("token", ["", "x", "../../etc", "a" * 100_000, "é"])
    def test_what_is_no_link_is_not_found(self, world, filled, token):
        with pytest.raises(NotFound):
            self.open(world, token)

    def test_a_revoked_link_is_not_found(self, world, filled):
        _, invoice_id = filled[world.northwind][0]
        token = self.link(world, invoice_id)
        world.run(world.northwind.owner, portal_links.revoke_links, invoice_id)

        with pytest.raises(NotFound):
            self.open(world, token)
