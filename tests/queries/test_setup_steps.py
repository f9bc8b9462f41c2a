"""A new workspace is told what its invoices still lack, and only who can fill it in."""

from decimal import Decimal

from sqlmodel import col, delete, select

from billing_app.domain.import_plan import IMPORTED_SERIES
from billing_app.models import StripeAccount, TaxRate, WorkspaceSettings
from billing_app.queries.dashboard import read_dashboard
from billing_app.queries.setup_steps import SetupStep
from tests.support.billing import an_invoice
from tests.support.rows import add_invoice
from tests.support.world import Place, World


def leave_no_tax_alone(world: World, place: Place) -> None:
    """Take away what a workspace of the tests has beside a fresh one's "No tax"."""
    with world.unit(place.system) as uow:
        uow.execute(delete(TaxRate).where(col(TaxRate.category) != "O"))


def test_each_step_goes_once_it_is_done(world: World):
    owner = world.northwind.owner
    leave_no_tax_alone(world, world.northwind)

    assert world.run(owner, read_dashboard).steps == tuple(SetupStep)

    with world.unit(world.northwind.system) as uow:
        settings = uow.one(select(WorkspaceSettings))
        settings.legal_name, settings.country = "Northwind B.V.", "NL"
        settings.address = "Heathrowbaan 4\nRotterdam"
    left = (SetupStep.TAXES, SetupStep.PAYING)
    assert world.run(owner, read_dashboard).steps == left

    with world.unit(world.northwind.system) as uow:
        uow.add(TaxRate(name="VAT 21%", percent=Decimal(21), category="S", position=1))
    assert world.run(owner, read_dashboard).steps == (SetupStep.PAYING,)

    with world.unit(world.northwind.system) as uow:
        uow.one(select(WorkspaceSettings)).bank_details = [
            {"label": "IBAN", "value": "NL91 ABNA 0417 1643 00"}
        ]
    assert world.run(owner, read_dashboard).steps == ()
    assert SetupStep.PAYING in world.run(world.kestrel.owner, read_dashboard).steps


def test_cards_are_a_way_to_pay_once_stripe_says_so(world: World):
    with world.unit(world.kestrel.system) as uow:
        uow.add(StripeAccount(secret_key_encrypted="x", webhook_secret_encrypted="y"))
    assert SetupStep.PAYING in world.run(world.kestrel.owner, read_dashboard).steps

    with world.unit(world.kestrel.system) as uow:
        uow.one(select(StripeAccount)).charges_enabled = True
    assert SetupStep.PAYING not in world.run(world.kestrel.owner, read_dashboard).steps


def test_the_first_number_of_ones_own_ends_the_questions(world: World):
    for place in (world.northwind, world.kestrel):
        leave_no_tax_alone(world, place)
    with world.unit(world.northwind.system) as uow:
        add_invoice(uow, number="2019-7", series_code=IMPORTED_SERIES, series_value=1)
    assert world.run(world.northwind.owner, read_dashboard).steps == tuple(SetupStep)

    an_invoice(world, world.northwind)

    assert world.run(world.northwind.owner, read_dashboard).steps == ()
    assert world.run(world.kestrel.owner, read_dashboard).steps == tuple(SetupStep)


def test_who_cannot_fill_it_in_is_not_told(world: World):
    for actor in (world.northwind.accounting, world.northwind.viewer):
        assert world.run(actor, read_dashboard).steps == ()
