import pytest
from pyotp.totp import TOTP

from billing_app.database import authentication
from billing_app.domain.actors import StaffActor
from billing_app.domain.errors import Conflict, InvalidInput, NotFound, NotSignedIn
from billing_app.domain.sign_in import LOCK_FIRST, Owes
from billing_app.domain.totp import RECOVERY_CODES
from billing_app.models import AuditEntry
from billing_app.queries.members import Security, read_security
from billing_app.services.security import TotpOffer, end_one_session
from billing_app.workflows import members, security
from billing_app.workflows import sign_in as signing
from billing_app.workflows.sign_in import Browser, SignInRefused
from tests.support.billing import all_rows
from tests.support.world import PASSWORD, World

HERE = Browser("192.0.2.1", "Firefox on Linux")
EMAIL = "accounting@northwind.example"
NEW = "another long sentence"


def sign_in(world: World, email: str = EMAIL, password: str = PASSWORD) -> str:
    return signing.sign_in(world.runtime, email, password, HERE).token


def is_live(world: World, token: str) -> bool:
    try:
        authentication.staff_actor(world.runtime.engine, token, world.clock())
    except NotSignedIn:
        return False
    return True


def me(world: World) -> StaffActor:
    return world.northwind.accounting


def shown(world: World) -> Security:
    return world.run(me(world), read_security)


def offer_totp(world: World, token: str, password: str = PASSWORD) -> TotpOffer:
    return security.offer_totp(world.runtime, me(world), token, password)


def turn_on(world: World, token: str) -> tuple[str, tuple[str, ...]]:
    """Turn codes on; return the secret and the recovery codes."""
    offer = offer_totp(world, token)
    code = TOTP(offer.secret).at(world.clock())
    return offer.secret, security.confirm_totp(world.runtime, me(world), token, code)


def next_code(world: World, secret: str) -> str:
    """Wait until the app shows a code that was not used yet; return it."""
    world.clock.advance(minutes=1)
    return TOTP(secret).at(world.clock())


def end_totp(world: World, token: str, password: str, code: str) -> None:
    security.end_totp(world.runtime, me(world), token, password, code)


class TestTotp:
    def test_is_on_once_the_app_shows_the_right_code(self, world: World):
        here, there = sign_in(world), sign_in(world)

        _, codes = turn_on(world, here)

        assert shown(world).has_totp
        assert len(set(codes)) == shown(world).recovery_left == RECOVERY_CODES
        assert is_live(world, here)
        assert not is_live(world, there)
        assert signing.sign_in(world.runtime, EMAIL, PASSWORD, HERE).owes == Owes.CODE

    def test_stays_off_on_a_wrong_code(self, world: World):
        token = sign_in(world)
        offer_totp(world, token)

        with pytest.raises(InvalidInput) as refusal:
            security.confirm_totp(world.runtime, me(world), token, "000000")

        assert refusal.value.field == "code"
        assert not shown(world).has_totp

    def test_an_offer_that_is_not_confirmed_changes_nothing(self, world: World):
        offer_totp(world, sign_in(world))

        assert is_live(world, sign_in(world))

    def test_is_offered_to_whoever_knows_the_password_only(self, world: World):
        """A stolen session can't lock out the one it was stolen from."""
        stolen = sign_in(world)

        with pytest.raises(InvalidInput) as refusal:
            offer_totp(world, stolen, "wrong password")

        assert refusal.value.field == "current"
        with pytest.raises(Conflict):
            security.confirm_totp(world.runtime, me(world), stolen, "000000")

    def test_needs_an_offer_first(self, world: World):
        with pytest.raises(Conflict):
            security.confirm_totp(world.runtime, me(world), sign_in(world), "000000")

    def test_cannot_be_replaced_while_it_is_on(self, world: World):
        token = sign_in(world)
        turn_on(world, token)

        with pytest.raises(Conflict):
            offer_totp(world, token)

    def test_each_recovery_code_opens_once(self, world: World):
        _, codes = turn_on(world, sign_in(world))
        token = sign_in(world)

        opened = signing.confirm_code(world.runtime, token, codes[3], HERE)

        assert is_live(world, opened.token)
        assert shown(world).recovery_left == RECOVERY_CODES - 1
        with pytest.raises(SignInRefused):
            signing.confirm_code(world.runtime, sign_in(world), codes[3], HERE)

    def test_new_recovery_codes_make_the_old_worthless(self, world: World):
        token = sign_in(world)
        secret, old = turn_on(world, token)
        codes = security.renew_recovery_codes(
            world.runtime, me(world), token, PASSWORD, next_code(world, secret)
        )

        again = sign_in(world)
        with pytest.raises(SignInRefused):
            signing.confirm_code(world.runtime, again, old[0], HERE)
        assert signing.confirm_code(world.runtime, again, codes[0], HERE)

    def test_is_turned_off_by_password_and_code_together_only(self, world: World):
        token = sign_in(world)
        secret, _ = turn_on(world, token)
        code = next_code(world, secret)

        for password, typed, field in (
            ("wrong password", code, "current"),
            (PASSWORD, "", "code"),
            (PASSWORD, "000000", "code"),
        ):
            with pytest.raises(InvalidInput) as refusal:
                end_totp(world, token, password, typed)
            assert refusal.value.field == field
        assert shown(world).has_totp
        end_totp(world, token, PASSWORD, code)

        assert not shown(world).has_totp
        assert is_live(world, sign_in(world))

    def test_a_code_that_opened_a_session_turns_nothing_off(self, world: World):
        token = sign_in(world)
        secret, _ = turn_on(world, token)
        code = next_code(world, secret)
        signing.confirm_code(world.runtime, sign_in(world), code, HERE)

        with pytest.raises(InvalidInput):
            end_totp(world, token, PASSWORD, code)

        assert shown(world).has_totp

    def test_a_recovery_code_turns_it_off_when_the_app_is_lost(self, world: World):
        token = sign_in(world)
        _, codes = turn_on(world, token)

        end_totp(world, token, PASSWORD, codes[0])

        assert not shown(world).has_totp

    def test_new_recovery_codes_need_the_app_too(self, world: World):
        token = sign_in(world)
        turn_on(world, token)

        with pytest.raises(InvalidInput):
            security.renew_recovery_codes(
                world.runtime, me(world), token, PASSWORD, "000000"
            )

    def test_is_not_turned_off_twice(self, world: World):
        with pytest.raises(Conflict):
            end_totp(world, sign_in(world), PASSWORD, "000000")

    def test_is_of_one_person(self, world: World):
        turn_on(world, sign_in(world))

        assert not world.run(world.northwind.owner, read_security).has_totp


class TestChangePassword:
    def test_ends_the_other_sessions(self, world: World):
        here, there = sign_in(world), sign_in(world)

        security.change_password(world.runtime, me(world), here, PASSWORD, NEW, NEW)

        assert is_live(world, here)
        assert not is_live(world, there)
        assert is_live(world, sign_in(world, password=NEW))

    @pytest.mark.parametrize(
        ("current", "new", "repeated", "field"),
        [
            ("wrong password", NEW, NEW, "current"),
            (PASSWORD, "short", "short", "password"),
            (PASSWORD, NEW, "something else", "repeated"),
        ],
    )
    def test_names_the_field_it_cannot_use(
        self, world: World, current: str, new: str, repeated: str, field: str
    ):
        token = sign_in(world)

        with pytest.raises(InvalidInput) as refusal:
            security.change_password(
                world.runtime, me(world), token, current, new, repeated
            )

        assert refusal.value.field == field

    def test_an_unlocked_screen_is_no_place_to_guess(self, world: World):
        token = sign_in(world)
        for _ in range(5):
            with pytest.raises(InvalidInput):
                offer_totp(world, token, "wrong password")

        with pytest.raises(InvalidInput):
            offer_totp(world, token)
        world.clock.now += LOCK_FIRST
        offer_totp(world, token)

    def test_codes_are_counted_like_passwords(self, world: World):
        token = sign_in(world)
        _, codes = turn_on(world, token)
        for _ in range(5):
            with pytest.raises(InvalidInput):
                end_totp(world, token, PASSWORD, "000000")

        with pytest.raises(InvalidInput):
            end_totp(world, token, PASSWORD, codes[0])
        world.clock.now += LOCK_FIRST
        end_totp(world, token, PASSWORD, codes[0])


class TestSessions:
    def test_are_listed_and_ended_one_by_one(self, world: World):
        here, there = sign_in(world), sign_in(world)
        newest, _ = shown(world).sessions

        world.run(me(world), end_one_session, newest.session_id)

        assert not is_live(world, there)
        assert is_live(world, here)
        assert newest.agent == "Firefox on Linux"

    def test_are_out_of_reach_for_others(self, world: World):
        token = sign_in(world)
        (session,) = shown(world).sessions

        before = all_rows(world, world.northwind, AuditEntry)
        for other in (world.northwind.owner, world.kestrel.owner):
            with pytest.raises(NotFound, match="does not exist"):
                world.run(other, end_one_session, session.session_id)

        assert is_live(world, token)
        assert all_rows(world, world.northwind, AuditEntry) == before

    def test_that_are_none_are_told_so_and_leave_no_trace(self, world: World):
        sign_in(world)
        (session,) = shown(world).sessions
        world.run(me(world), end_one_session, session.session_id)

        before = all_rows(world, world.northwind, AuditEntry)
        for gone in (session.session_id, 900_001):
            with pytest.raises(NotFound, match="does not exist"):
                world.run(me(world), end_one_session, gone)
        assert all_rows(world, world.northwind, AuditEntry) == before

    def test_that_ran_out_are_not_listed(self, world: World):
        sign_in(world)
        world.clock.advance(hours=13)

        assert shown(world).sessions == ()


class TestAddMember:
    def test_the_shown_password_opens_the_first_session(self, world: World):
        form = members.MemberForm("Otto", "otto@heron.example", "viewer")

        welcome = members.add_member(world.runtime, world.northwind.admin, form)
        opened = signing.sign_in(
            world.runtime, "otto@heron.example", welcome.password, HERE
        )

        assert opened.owes == Owes.PASSWORD
        assert len(welcome.password) == 19

    def test_somebody_known_keeps_their_password(self, world: World):
        form = members.MemberForm("Kay", "owner@kestrel.example", "viewer")

        welcome = members.add_member(world.runtime, world.northwind.admin, form)

        assert welcome.password == ""
        assert is_live(world, sign_in(world, "owner@kestrel.example"))
