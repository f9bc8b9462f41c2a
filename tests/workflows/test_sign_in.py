import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from pyotp.totp import TOTP
from sqlmodel import select

from billing_app.database import authentication
from billing_app.database.secrets import digest
from billing_app.domain.actors import Role, StaffActor
from billing_app.domain.errors import InvalidInput, NotFound, NotSignedIn
from billing_app.domain.sign_in import (
    FREE_OF_ADDRESS,
    FREE_OF_DEVICE,
    FREE_OF_NETWORK,
    FREE_OF_PAIR,
    INITIAL_PASSWORD_LIFETIME,
    LOCK_FIRST,
    LOCK_LONGEST,
    SESSION_IDLE,
    SESSION_LIFETIME,
    STEP_LIFETIME,
    TRIES_OF_NEWCOMER,
    Owes,
)
from billing_app.models import AuditEntry, Member, Person, SignInFailure, StaffSession
from billing_app.services import sign_in as steps
from billing_app.workflows import sign_in as workflow
from billing_app.workflows.sign_in import Browser, SignInRefused
from tests.support.world import PASSWORD, World

HERE = Browser("192.0.2.1", "Firefox on Linux")
ELSEWHERE = Browser("198.51.100.9", "Other")
EMAIL = "accounting@northwind.example"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
RECOVERY = "abcd2345efgh67ij"


def sign_in(
    world: World, email: str = EMAIL, password: str = PASSWORD, browser: Browser = HERE
) -> str:
    return workflow.sign_in(world.runtime, email, password, browser).token


def actor_of(world: World, token: str) -> StaffActor:
    runtime = world.runtime
    return authentication.staff_actor(runtime.engine, token, runtime.now())


def change_person(world: World, email: str = EMAIL, **values: object) -> None:
    with world.unit(world.northwind.system) as uow:
        person = uow.one(select(Person).where(Person.email == email))
        for name, value in values.items():
            setattr(person, name, value)


def set_up_totp(world: World) -> None:
    cipher = world.runtime.cipher
    with world.reading(world.northwind.system) as uow:
        person_id = uow.one(select(Person.id).where(Person.email == EMAIL))
    change_person(
        world,
        totp_secret_encrypted=cipher.encrypt(SECRET),
        totp_enabled_at=world.clock(),
        recovery_digests=[cipher.keyed_digest("recovery", str(person_id), RECOVERY)],
    )


def code_now(world: World) -> str:
    return TOTP(SECRET).at(world.clock())


def join_kestrel(world: World) -> None:
    """Make Northwind's accountant a viewer at Kestrel, too."""
    with world.unit(world.kestrel.system) as uow:
        person_id = uow.one(select(Person.id).where(Person.email == EMAIL))
        uow.add(
            Member(
                person_id=person_id,
                name="Ann",
                email=EMAIL,
                role=Role.VIEWER,
                created_at=uow.now,
            )
        )


class TestSignIn:
    @pytest.mark.parametrize("role", list(Role))
    def test_makes_each_member_who_they_are(self, world: World, role: Role):
        for place in world.places:
            token = sign_in(world, place.email(role))

            assert actor_of(world, token) == place.member(role)

    def test_takes_the_address_in_any_case(self, world: World):
        assert sign_in(world, f" {EMAIL.upper()} ")

    def test_keeps_the_token_as_a_digest_only(self, world: World):
        token = sign_in(world)

        with world.reading(world.northwind.system) as uow:
            stored = uow.one(select(StaffSession))
        assert stored.token_digest == digest(token)
        assert token not in repr(stored)

    def test_is_written_down(self, world: World):
        sign_in(world)

        with world.reading(world.northwind.owner) as uow:
            events = uow.all(select(AuditEntry.event).order_by(AuditEntry.id))
        assert events[-1] == "member_signed_in"

    @pytest.mark.parametrize(
        ("email", "password"),
        [
            (EMAIL, "wrong horse battery"),
            (EMAIL, ""),
            (EMAIL, PASSWORD + "x" * 10_000),
            ("nobody@northwind.example", PASSWORD),
            ("", PASSWORD),
            ("' or 1=1 --", PASSWORD),
        ],
    )
    def test_refuses_all_others_with_one_sentence(
        self, world: World, email: str, password: str
    ):
        with pytest.raises(SignInRefused) as refusal:
            sign_in(world, email, password)

        assert refusal.value.message == workflow.REFUSAL

    def test_refuses_a_member_who_was_removed(self, world: World):
        with world.unit(world.northwind.system) as uow:
            uow.one(select(Member).where(Member.email == EMAIL)).removed_at = uow.now

        with pytest.raises(SignInRefused):
            sign_in(world)

    def test_renews_a_hash_made_with_weaker_parameters(self, world: World):
        weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        change_person(world, password_hash=weak.hash(PASSWORD))

        sign_in(world)

        found = authentication.find_person(world.runtime.engine, EMAIL)
        assert found is not None
        assert "m=19456,t=2,p=1" in found.password_hash
        assert sign_in(world)


def use_up(world: World) -> None:
    """Let twelve networks try wrong passwords for an address until it is locked."""
    for network in range(12):
        for _ in range(FREE_OF_PAIR):
            browser = Browser(f"10.0.0.{network}", "")
            with pytest.raises(SignInRefused):
                sign_in(world, password="x", browser=browser)
    with world.reading(world.northwind.system) as uow:
        assert max(uow.all(select(SignInFailure.failed_count))) >= FREE_OF_ADDRESS


def device_of(world: World, browser: Browser, email: str = EMAIL) -> Browser:
    """Sign in and return the browser with what it was given then."""
    opened = workflow.sign_in(world.runtime, email, PASSWORD, browser)
    return replace(browser, device=opened.device)


class TestLock:
    def fail(self, world: World, times: int, email: str = EMAIL) -> None:
        for _ in range(times):
            with pytest.raises(SignInRefused):
                sign_in(world, email, "wrong horse battery")

    def test_closes_after_the_free_tries(self, world: World):
        self.fail(world, FREE_OF_PAIR)

        with pytest.raises(SignInRefused):
            sign_in(world)

    def test_says_how_long_it_can_last(self):
        assert timedelta(minutes=30) == LOCK_LONGEST
        for words in (workflow.REFUSAL, workflow.CODE_REFUSAL):
            assert "up to half an hour" in words

    def test_opens_by_itself(self, world: World):
        self.fail(world, FREE_OF_PAIR)
        world.clock.now += LOCK_FIRST

        assert sign_in(world)

    def test_is_not_prolonged_by_tries_while_it_holds(self, world: World):
        self.fail(world, FREE_OF_PAIR + 20)
        world.clock.now += LOCK_FIRST

        assert sign_in(world)

    def test_lasts_twice_as_long_the_next_time(self, world: World):
        self.fail(world, FREE_OF_PAIR)
        world.clock.now += LOCK_FIRST
        self.fail(world, 1)
        world.clock.now += LOCK_FIRST

        with pytest.raises(SignInRefused):
            sign_in(world)

    def test_does_not_shut_the_person_out_elsewhere(self, world: World):
        self.fail(world, FREE_OF_PAIR)

        assert sign_in(world, browser=ELSEWHERE)

    def test_starts_anew_after_success(self, world: World):
        self.fail(world, FREE_OF_PAIR - 1)
        sign_in(world)
        self.fail(world, FREE_OF_PAIR - 1)

        assert sign_in(world)

    def test_forgets_after_a_day(self, world: World):
        self.fail(world, FREE_OF_PAIR - 1)
        world.clock.advance(days=1, seconds=1)
        self.fail(world, FREE_OF_PAIR - 1)

        assert sign_in(world)

    def test_holds_for_one_network_trying_many_addresses(self, world: World):
        """A hundred failures of a network close it for all addresses."""
        self.fail(world, 1)
        with world.unit(world.northwind.system) as uow:
            network = uow.all(select(SignInFailure).order_by(SignInFailure.id))[-1]
            network.failed_count = FREE_OF_NETWORK - 1
        self.fail(world, 1, "another@northwind.example")

        with pytest.raises(SignInRefused):
            sign_in(world, "owner@northwind.example")
        assert sign_in(world, "owner@northwind.example", browser=ELSEWHERE)

    def test_does_not_count_good_sign_ins_of_a_busy_office(self, world: World):
        sign_in(world)
        sign_in(world)

        with world.reading(world.northwind.system) as uow:
            assert set(uow.all(select(SignInFailure.failed_count))) == {0}

    def test_of_strangers_everywhere_holds_up_no_newcomer(self, world: World):
        """Twelve networks fail five times each: the address is locked, for them."""
        use_up(world)

        with pytest.raises(SignInRefused):
            sign_in(world, browser=Browser("10.0.0.1", ""))
        assert sign_in(world, browser=HERE)

    def test_of_strangers_leaves_a_newcomer_two_tries_a_day(self, world: World):
        use_up(world)
        self.fail(world, TRIES_OF_NEWCOMER)

        with pytest.raises(SignInRefused):
            sign_in(world)

    def test_of_strangers_holds_up_no_browser_that_is_known(self, world: World):
        """Neither those elsewhere nor those in the same network, and after mistakes."""
        known = device_of(world, HERE)
        use_up(world)
        self.fail(world, FREE_OF_PAIR)
        with world.unit(world.northwind.system) as uow:
            for row in uow.all(select(SignInFailure)):
                row.failed_count = 10 * FREE_OF_NETWORK
                row.locked_until = uow.now + LOCK_LONGEST

        for _ in range(FREE_OF_DEVICE - 1):
            with pytest.raises(SignInRefused):
                sign_in(world, password="wrong horse battery", browser=known)

        assert sign_in(world, browser=known)

    def test_holds_for_a_known_browser_that_guesses(self, world: World):
        known = device_of(world, HERE)
        for _ in range(FREE_OF_DEVICE):
            with pytest.raises(SignInRefused):
                sign_in(world, password="wrong horse battery", browser=known)

        with pytest.raises(SignInRefused):
            sign_in(world, browser=known)

    @pytest.mark.parametrize("forged", ["", ".", "x", "x.y", ".é", "é." + "0" * 64])
    def test_knows_no_browser_by_what_it_says(self, world: World, forged: str):
        self.fail(world, FREE_OF_PAIR)

        with pytest.raises(SignInRefused):
            sign_in(world, browser=replace(HERE, device=forged))

    def test_knows_a_browser_for_the_address_that_signed_in_there(self, world: World):
        known = device_of(world, HERE, "owner@northwind.example")
        self.fail(world, FREE_OF_PAIR)

        with pytest.raises(SignInRefused):
            sign_in(world, browser=known)

    def test_is_the_same_for_an_address_that_nobody_has(self, world: World):
        """The same rows are written, so neither answer nor time tells them apart."""
        self.fail(world, 2)
        self.fail(world, 2, "nobody@northwind.example")

        with world.reading(world.northwind.system) as uow:
            counts = uow.all(select(SignInFailure.failed_count))
        # Pair and address, twice; and the one network of both.
        assert sorted(counts) == [2, 2, 2, 2, 4]

    def test_counts_tries_before_they_are_made(self, world: World):
        """Twenty wrong tries at once are not twenty guesses."""
        answers: list[str] = []

        def attempt() -> None:
            try:
                sign_in(world, password="wrong horse battery")
            except SignInRefused as refusal:
                answers.append(refusal.message)

        threads = [threading.Thread(target=attempt) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert answers == [workflow.REFUSAL] * 20
        with world.reading(world.northwind.system) as uow:
            assert set(uow.all(select(SignInFailure.failed_count))) == {FREE_OF_PAIR}


class TestCode:
    def start(self, world: World) -> str:
        set_up_totp(world)
        return sign_in(world)

    def test_opens_nothing_before_it_is_given(self, world: World):
        token = self.start(world)

        with pytest.raises(NotSignedIn):
            actor_of(world, token)

    def test_opens_a_session_with_a_new_token(self, world: World):
        token = self.start(world)

        opened = workflow.confirm_code(world.runtime, token, code_now(world), HERE)

        assert actor_of(world, opened.token) == world.northwind.accounting
        with pytest.raises(NotSignedIn):
            actor_of(world, token)

    def test_makes_the_browser_a_known_one(self, world: World):
        """Not the password alone, which may have been stolen."""
        set_up_totp(world)
        started = workflow.sign_in(world.runtime, EMAIL, PASSWORD, HERE)
        assert started.device == ""

        opened = workflow.confirm_code(
            world.runtime, started.token, code_now(world), HERE
        )

        assert opened.device

    def test_works_once(self, world: World):
        code = (self.start(world), code_now(world))
        workflow.confirm_code(world.runtime, *code, HERE)
        again = sign_in(world)

        with pytest.raises(SignInRefused):
            workflow.confirm_code(world.runtime, again, code[1], HERE)

    def test_of_two_at_the_same_instant_one_works(self, world: World):
        tokens = [self.start(world), sign_in(world)]
        code = code_now(world)
        outcomes: list[str] = []
        start = threading.Barrier(2)

        def attempt(token: str) -> None:
            start.wait()
            try:
                workflow.confirm_code(world.runtime, token, code, HERE)
                outcomes.append("in")
            except SignInRefused:
                outcomes.append("refused")

        threads = [threading.Thread(target=attempt, args=[t]) for t in tokens]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(outcomes) == ["in", "refused"]

    @pytest.mark.parametrize("typed", ["000000", "", "１２３４５６", "abcd-2345"])
    def test_refuses_a_wrong_one(self, world: World, typed: str):
        token = self.start(world)

        with pytest.raises(SignInRefused):
            workflow.confirm_code(world.runtime, token, typed, HERE)

    def test_locks_after_wrong_ones_and_opens_again(self, world: World):
        token = self.start(world)
        for _ in range(5):
            with pytest.raises(SignInRefused):
                workflow.confirm_code(world.runtime, token, "000000", ELSEWHERE)

        with pytest.raises(SignInRefused):
            workflow.confirm_code(world.runtime, token, code_now(world), HERE)
        world.clock.now += LOCK_FIRST
        assert workflow.confirm_code(world.runtime, token, code_now(world), HERE)

    def test_has_to_come_soon(self, world: World):
        token = self.start(world)
        world.clock.now += STEP_LIFETIME

        with pytest.raises(NotSignedIn):
            workflow.confirm_code(world.runtime, token, code_now(world), HERE)

    def test_a_recovery_code_works_once_instead(self, world: World):
        token = self.start(world)
        assert workflow.confirm_code(
            world.runtime, token, "ABCD-2345-EFGH-67IJ", HERE
        ).owes == (Owes.NOTHING)
        again = sign_in(world)

        with pytest.raises(SignInRefused):
            workflow.confirm_code(world.runtime, again, RECOVERY, HERE)

    def test_is_not_asked_of_a_full_session(self, world: World):
        token = sign_in(world)

        with pytest.raises(NotSignedIn):
            workflow.confirm_code(world.runtime, token, "000000", HERE)


class TestInitialPassword:
    NEW = "a much better sentence"

    def start(self, world: World) -> str:
        until = world.clock() + INITIAL_PASSWORD_LIFETIME
        change_person(world, initial_until=until)
        return sign_in(world)

    def test_opens_nothing_but_the_change(self, world: World):
        token = self.start(world)

        with pytest.raises(NotSignedIn):
            actor_of(world, token)

    def test_is_replaced_and_then_worth_nothing(self, world: World):
        token = self.start(world)
        opened = workflow.replace_initial_password(
            world.runtime, token, self.NEW, self.NEW, HERE
        )

        assert actor_of(world, opened.token) == world.northwind.accounting
        with pytest.raises(SignInRefused):
            sign_in(world)
        assert actor_of(world, sign_in(world, password=self.NEW))

    def test_must_not_stay_the_same(self, world: World):
        token = self.start(world)

        with pytest.raises(InvalidInput):
            workflow.replace_initial_password(
                world.runtime, token, PASSWORD, PASSWORD, HERE
            )

    def test_runs_out(self, world: World):
        self.start(world)
        world.clock.now += INITIAL_PASSWORD_LIFETIME + timedelta(seconds=1)

        with pytest.raises(SignInRefused):
            sign_in(world)


class TestSessions:
    def test_end_after_idleness_and_after_half_a_day(self, world: World):
        token = sign_in(world)
        world.clock.now += SESSION_IDLE - timedelta(minutes=1)
        assert actor_of(world, token)
        world.clock.now += SESSION_IDLE

        with pytest.raises(NotSignedIn):
            actor_of(world, token)

    def test_end_by_age_however_busy(self, world: World):
        token = sign_in(world)
        for _ in range(11):
            world.clock.advance(hours=1)
            actor_of(world, token)
        world.clock.now += SESSION_LIFETIME - timedelta(hours=11)

        with pytest.raises(NotSignedIn):
            actor_of(world, token)

    def test_sign_out_ends_this_browser_only(self, world: World):
        here, there = sign_in(world), sign_in(world)

        workflow.end_session(world.runtime, here)

        assert actor_of(world, there)
        with pytest.raises(NotSignedIn):
            actor_of(world, here)

    def test_sign_out_everywhere_ends_all_of_this_person(self, world: World):
        mine = [sign_in(world), sign_in(world)]
        other = sign_in(world, "owner@kestrel.example")

        workflow.end_everywhere(world.runtime, mine[0])

        for token in mine:
            with pytest.raises(NotSignedIn):
                actor_of(world, token)
        assert actor_of(world, other)

    @pytest.mark.parametrize("token", ["", "x", "x" * 5000])
    def test_signing_out_without_a_session_does_nothing(self, world: World, token: str):
        workflow.end_session(world.runtime, token)
        workflow.end_everywhere(world.runtime, token)

    def test_a_removed_member_is_out_at_once(self, world: World):
        token = sign_in(world)
        with world.unit(world.northwind.system) as uow:
            uow.one(select(Member).where(Member.email == EMAIL)).removed_at = uow.now

        with pytest.raises(NotSignedIn):
            actor_of(world, token)

    def test_a_changed_role_counts_at_once(self, world: World):
        token = sign_in(world)
        with world.unit(world.northwind.system) as uow:
            uow.one(select(Member).where(Member.email == EMAIL)).role = Role.VIEWER

        assert actor_of(world, token).role == Role.VIEWER


class TestSwitchWorkspace:
    def test_takes_the_session_along_under_a_new_token(self, world: World):
        join_kestrel(world)
        token = sign_in(world)

        opened = workflow.switch_workspace(
            world.runtime, token, world.kestrel.workspace_id, HERE
        )

        actor = actor_of(world, opened.token)
        assert (actor.workspace_id, actor.role) == (2, Role.VIEWER)
        with pytest.raises(NotSignedIn):
            actor_of(world, token)

    def test_does_not_lengthen_the_session(self, world: World):
        join_kestrel(world)
        token = sign_in(world)
        world.clock.advance(hours=1)
        opened = workflow.switch_workspace(world.runtime, token, 2, HERE)
        for _ in range(11):
            world.clock.advance(minutes=59)
            actor_of(world, opened.token)
        world.clock.advance(minutes=12)

        with pytest.raises(NotSignedIn):
            actor_of(world, opened.token)

    def test_is_where_the_next_sign_in_leads(self, world: World):
        join_kestrel(world)
        workflow.switch_workspace(world.runtime, sign_in(world), 2, HERE)

        assert actor_of(world, sign_in(world)).workspace_id == 2

    @pytest.mark.parametrize("workspace_id", [2, 0, 99, -1])
    def test_is_refused_where_one_is_no_member(self, world: World, workspace_id: int):
        token = sign_in(world)

        with pytest.raises(NotFound):
            workflow.switch_workspace(world.runtime, token, workspace_id, HERE)

        assert actor_of(world, token).workspace_id == 1

    def test_needs_the_whole_sign_in(self, world: World):
        join_kestrel(world)
        set_up_totp(world)

        with pytest.raises(NotSignedIn):
            workflow.switch_workspace(world.runtime, sign_in(world), 2, HERE)

    def test_of_a_session_ends_with_it_however_close_the_two_are(self, world: World):
        """It was still open when it was looked at, and has ended since."""
        join_kestrel(world)
        token = sign_in(world)
        runtime = world.runtime
        seen = authentication.staff_from_session(runtime.engine, token, runtime.now())
        workflow.end_everywhere(runtime, token)
        place = steps.Place(seen.person_id, seen.actor.member_id)

        for go_on in (
            lambda uow: steps.move_session(uow, seen.session_id, place),
            lambda uow: steps.replace_session(
                uow, seen.session_id, place, Owes.NOTHING
            ),
        ):
            with (
                pytest.raises(NotSignedIn),
                world.unit(world.northwind.system) as uow,
            ):
                go_on(uow)

        with world.reading(world.northwind.system) as uow:
            assert all(x.ended_at is not None for x in uow.all(select(StaffSession)))
