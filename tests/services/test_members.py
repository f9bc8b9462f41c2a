import threading

import pytest
from sqlmodel import select

from billing_app.domain.actors import Role, StaffActor
from billing_app.domain.errors import (
    BillingError,
    Conflict,
    InvalidInput,
    NotFound,
    NotPermitted,
)
from billing_app.models import AuditEntry, Member, Person
from billing_app.queries.members import list_members
from billing_app.services.members import (
    MemberForm,
    add_member,
    change_role,
    remove_member,
)
from tests.support.world import World

FORM = MemberForm("Otto", " Otto@Heron.example ", "accounting")
HASH = "an initial hash"


def role_of(world: World, member_id: int) -> str:
    with world.reading(world.northwind.owner) as uow:
        return uow.one(select(Member.role).where(Member.id == member_id))


def make_owner(world: World, member: StaffActor) -> StaffActor:
    world.run(world.northwind.owner, change_role, member.member_id, "owner")
    return StaffActor(member.workspace_id, member.member_id, Role.OWNER)


class TestAddMember:
    def test_adds_a_person_who_has_to_choose_a_password(self, world: World):
        added = world.run(world.northwind.admin, add_member, FORM, HASH)

        assert added.is_new_person
        with world.reading(world.northwind.owner) as uow:
            member = uow.one(select(Member).where(Member.id == added.member_id))
            person = uow.one(select(Person).where(Person.id == member.person_id))
        assert (member.email, member.role) == ("otto@heron.example", "accounting")
        assert person.initial_until is not None
        assert person.initial_until > world.clock()

    def test_lets_somebody_in_who_signs_in_elsewhere(self, world: World):
        form = MemberForm("Kay", "owner@kestrel.example", "viewer")

        added = world.run(world.northwind.owner, add_member, form, HASH)

        assert not added.is_new_person
        with world.reading(world.northwind.owner) as uow:
            person = uow.one(select(Person).where(Person.email == form.email))
        assert person.initial_until is None
        assert person.password_hash != HASH

    def test_gives_a_place_back_to_somebody_removed(self, world: World):
        viewer = world.northwind.viewer.member_id
        world.run(world.northwind.owner, remove_member, viewer)

        form = MemberForm("Vi", world.northwind.email(Role.VIEWER), "operations")
        added = world.run(world.northwind.owner, add_member, form, HASH)

        assert added.member_id == viewer
        assert role_of(world, viewer) == "operations"

    def test_refuses_somebody_who_is_in_already(self, world: World):
        form = MemberForm("Vi", world.northwind.email(Role.VIEWER), "admin")

        with pytest.raises(Conflict) as refusal:
            world.run(world.northwind.owner, add_member, form, HASH)

        assert refusal.value.field == "email"

    @pytest.mark.parametrize(
        ("form", "field"),
        [
            (MemberForm("", "a@b.example", "viewer"), "name"),
            (MemberForm("A", "nobody", "viewer"), "email"),
            (MemberForm("A", "a@b.example", "emperor"), "role"),
        ],
    )
    def test_names_the_field_it_cannot_use(
        self, world: World, form: MemberForm, field: str
    ):
        with pytest.raises(InvalidInput) as refusal:
            world.run(world.northwind.owner, add_member, form, HASH)

        assert refusal.value.field == field


class TestOwners:
    def test_are_made_by_owners_only(self, world: World):
        form = MemberForm("Otto", "otto@heron.example", "owner")
        viewer = world.northwind.viewer.member_id

        with pytest.raises(NotPermitted):
            world.run(world.northwind.admin, add_member, form, HASH)
        with pytest.raises(NotPermitted):
            world.run(world.northwind.admin, change_role, viewer, "owner")

        assert world.run(world.northwind.owner, add_member, form, HASH)

    def test_are_not_touched_by_admins(self, world: World):
        owner = world.northwind.owner.member_id

        with pytest.raises(NotPermitted):
            world.run(world.northwind.admin, change_role, owner, "viewer")
        with pytest.raises(NotPermitted):
            world.run(world.northwind.admin, remove_member, owner)

    def test_the_last_one_stays(self, world: World):
        owner = world.northwind.owner

        with pytest.raises(Conflict):
            world.run(owner, remove_member, owner.member_id)
        with pytest.raises(Conflict):
            world.run(owner, change_role, owner.member_id, "admin")

    def test_one_of_two_may_go(self, world: World):
        second = make_owner(world, world.northwind.admin)

        world.run(second, remove_member, world.northwind.owner.member_id)

        with pytest.raises(Conflict):
            world.run(second, remove_member, second.member_id)

    def test_of_two_who_go_at_once_one_stays(self, world: World):
        owners = [world.northwind.owner, make_owner(world, world.northwind.admin)]
        start = threading.Barrier(2)
        outcomes: list[str] = []

        def leave(owner: StaffActor) -> None:
            start.wait()
            try:
                world.run(owner, remove_member, owner.member_id)
                outcomes.append("gone")
            except Conflict:
                outcomes.append("stays")

        threads = [threading.Thread(target=leave, args=[owner]) for owner in owners]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(outcomes) == ["gone", "stays"]


class TestAccess:
    @pytest.mark.parametrize("role", [Role.ACCOUNTING, Role.OPERATIONS, Role.VIEWER])
    def test_other_roles_change_nobody(self, world: World, role: Role):
        actor = world.northwind.member(role)

        for work, args in (
            (add_member, (FORM, HASH)),
            (change_role, (actor.member_id, "admin")),
            (remove_member, (world.northwind.viewer.member_id,)),
            (list_members, ()),
        ):
            with pytest.raises(NotPermitted):
                world.run(actor, work, *args)

    def test_nobody_reaches_another_workspace(self, world: World):
        stranger = world.kestrel.viewer.member_id

        for work, args in (
            (change_role, (stranger, "admin")),
            (remove_member, (stranger,)),
        ):
            with pytest.raises(NotFound):
                world.run(world.northwind.owner, work, *args)

    def test_the_list_is_of_one_workspace(self, world: World):
        rows = world.run(world.northwind.owner, list_members)

        assert len(rows) == len(Role)
        assert all(row.email.endswith("@northwind.example") for row in rows)
        assert [row.email for row in rows if row.is_you] == ["owner@northwind.example"]


@pytest.mark.feature("F067")
def test_each_change_is_written_down(world: World):
    viewer = world.northwind.viewer.member_id

    world.run(world.northwind.admin, change_role, viewer, "operations")
    world.run(world.northwind.admin, remove_member, viewer)

    with world.reading(world.northwind.owner) as uow:
        entries = uow.all(select(AuditEntry).order_by(AuditEntry.id))[-2:]
    assert [x.event for x in entries] == ["member_role_changed", "member_removed"]
    assert entries[0].details == {"member_id": viewer, "role": "operations"}
    assert entries[0].actor_name == "Admin"


def test_somebody_removed_is_no_member_any_more(world: World):
    viewer = world.northwind.viewer.member_id
    world.run(world.northwind.owner, remove_member, viewer)

    with pytest.raises(BillingError):
        world.run(world.northwind.owner, change_role, viewer, "admin")
    assert len(world.run(world.northwind.owner, list_members)) == len(Role) - 1
