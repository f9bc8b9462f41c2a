"""A new workspace is told what its invoices still lack, and only who can fill it in."""

from sqlmodel import select

from billing_app.models import StripeAccount, WorkspaceSettings
from billing_app.queries.dashboard import read_dashboard
from billing_app.queries.setup_steps import SetupStep
from tests.support.world import World


def test_each_step_goes_once_it_is_done(world: World):
    owner = world.northwind.owner

    assert world.run(owner, read_dashboard).steps == tuple(SetupStep)

    with world.unit(world.northwind.system) as uow:
        settings = uow.one(select(WorkspaceSettings))
        settings.legal_name, settings.country = "Northwind B.V.", "NL"
        settings.address = "Heathrowbaan 4\nRotterdam"
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


def test_who_cannot_fill_it_in_is_not_told(world: World):
    for actor in (world.northwind.accounting, world.northwind.viewer):
        assert world.run(actor, read_dashboard).steps == ()
