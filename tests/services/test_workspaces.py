import threading
from dataclasses import replace

import pytest
from sqlmodel import select

from billing_app.domain.actors import Nobody, Role, SystemActor
from billing_app.domain.errors import Conflict, InvalidInput, NotPermitted
from billing_app.domain.portal_settings import PortalSettings
from billing_app.domain.profiles import PROFILES, get_profile
from billing_app.models import (
    Member,
    NumberSeries,
    Person,
    TaxRate,
    Workspace,
    WorkspaceSettings,
)
from billing_app.services.workspaces import (
    FOUNDER,
    NewWorkspace,
    create_workspace,
    set_up,
    slug_of,
)
from tests.support.world import World

NEW = NewWorkspace(
    name="Heron Yachts",
    currency="GBP",
    zone="Europe/London",
    email="Harriet@Heron.example",
    owner_name="Harriet",
    password_hash="x",
)


class TestCreateWorkspace:
    def test_makes_everything_an_invoice_needs(self, world: World):
        founded = world.run(FOUNDER, create_workspace, NEW)

        with world.reading(SystemActor(founded.workspace_id, "test")) as uow:
            assert uow.workspace.slug == "heron-yachts"
            assert uow.one(select(WorkspaceSettings)).legal_name == "Heron Yachts"
            assert uow.one(select(TaxRate)).is_default
            codes = uow.all(select(NumberSeries.code).order_by(NumberSeries.code))
            assert codes == ["credit_note", "invoice", "receipt"]
            owner = uow.one(select(Member))
            assert (owner.role, owner.email) == (Role.OWNER, "harriet@heron.example")

    def test_leaves_the_other_workspaces_alone(self, world: World):
        world.run(FOUNDER, create_workspace, NEW)

        with world.reading(world.northwind.owner) as uow:
            assert len(uow.all(select(Member))) == len(Role)

    def test_gives_each_a_slug_of_its_own(self, world: World):
        world.run(FOUNDER, create_workspace, NEW)
        second = world.run(FOUNDER, create_workspace, NEW)

        with world.reading(SystemActor(second.workspace_id, "test")) as uow:
            assert uow.workspace.slug == "heron-yachts-2"

    def test_keeps_the_password_of_a_person_who_signs_in_already(self, world: World):
        new = replace(NEW, email="owner@kestrel.example", password_hash="other")

        founded = world.run(FOUNDER, create_workspace, new)

        with world.reading(FOUNDER) as uow:
            person = uow.one(select(Person).where(Person.id == founded.person_id))
            assert person.password_hash.startswith("$argon2id$")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", "  "),
            ("owner_name", ""),
            ("currency", "EURO"),
            ("zone", "Mars/Olympus"),
            ("email", "nobody"),
        ],
    )
    def test_names_the_field_it_cannot_use(self, world: World, field: str, value: str):
        with pytest.raises(InvalidInput) as refusal:
            world.run(FOUNDER, create_workspace, replace(NEW, **{field: value}))

        assert refusal.value.field == field

    def test_is_not_for_members(self, world: World):
        with pytest.raises(NotPermitted):
            world.run(world.northwind.owner, create_workspace, NEW)


class TestProfile:
    @pytest.mark.parametrize("key", ["", *(x.key for x in PROFILES)])
    def test_answers_the_portals_questions_at_once(self, world: World, key: str):
        founded = world.run(FOUNDER, create_workspace, replace(NEW, profile=key))

        with world.reading(SystemActor(founded.workspace_id, "test")) as uow:
            assert uow.workspace.profile == key
            stored = uow.one(select(WorkspaceSettings)).portal
        usual = PortalSettings()
        wanted = get_profile(key).applied_to(usual) if key else usual
        assert PortalSettings.from_stored(stored) == wanted

    def test_one_that_does_not_exist_opens_nothing(self, empty_world: World):
        with pytest.raises(InvalidInput) as refusal:
            empty_world.run(Nobody(), set_up, replace(NEW, profile="free_for_all"))

        assert refusal.value.field == "profile"
        with empty_world.reading(Nobody()) as uow:
            assert uow.all(select(Workspace)) == []


class TestSetUp:
    def test_is_refused_once_somebody_can_sign_in(self, world: World):
        with pytest.raises(Conflict):
            world.run(Nobody(), set_up, NEW)

    def test_exactly_one_of_several_wins(self, empty_world: World):
        outcomes: list[str] = []
        start = threading.Barrier(6)

        def attempt(number: int) -> None:
            new = replace(NEW, email=f"owner{number}@heron.example")
            start.wait()
            try:
                empty_world.run(Nobody(), set_up, new)
                outcomes.append("won")
            except Conflict:
                outcomes.append("refused")

        threads = [threading.Thread(target=attempt, args=[n]) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(outcomes) == ["refused"] * 5 + ["won"]
        with empty_world.reading(Nobody()) as uow:
            assert len(uow.all(select(Workspace))) == 1

    def test_a_failed_set_up_leaves_nothing(self, empty_world: World):
        with pytest.raises(InvalidInput):
            empty_world.run(Nobody(), set_up, replace(NEW, zone=""))

        with empty_world.reading(Nobody()) as uow:
            assert uow.all(select(Workspace)) == []


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Café Zoë & Co.", "cafe-zoe-co"),
        ("株式会社", "workspace"),
        ("../../etc", "etc"),
        ("x" * 90, "x" * 40),
    ],
)
def test_a_slug_is_plain(name: str, slug: str):
    assert slug_of(name) == slug
