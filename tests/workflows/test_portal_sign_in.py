"""Codes asked for and guessed by programs: slowed down, and nobody else with them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from billing_app.domain.errors import InvalidInput, LimitReached
from billing_app.domain.portal_proof import (
    CODE_SHARED_FOR,
    CODE_TRIES_MAX,
    CODES_FREE_OF_ADDRESS,
    CODES_FREE_OF_NETWORK,
    CODES_MAILED_FREE,
    CODES_OF_NEWCOMER,
    TRIES_FREE_OF_PAIR,
)
from billing_app.models import OneTimeCode
from billing_app.services.portal_sessions import CodePlace
from billing_app.workflows.outbox import deliver_due
from billing_app.workflows.portal_sign_in import confirm_code, request_code
from billing_app.workflows.sign_in import Browser
from tests.support.billing import a_customer, all_rows, an_invoice
from tests.support.world import World

EMAIL = "ap@vermeer.example"
HERE = Browser("192.0.2.1", "Firefox")
A_PROGRAM = Browser("198.51.100.7", "curl")
ANYWHERE = CodePlace()


@pytest.fixture
def place(world: World) -> CodePlace:
    """The invoice that the customer holds a link to."""
    customer_id = a_customer(world, world.northwind)
    invoice_id = an_invoice(world, world.northwind, customer_id=customer_id)
    return CodePlace(customer_id, invoice_id)


def ask(
    world: World, place: CodePlace, browser: Browser = HERE, email: str = EMAIL
) -> str:
    """Ask for a code; return what its form carries, or nothing if not heard."""
    workspace_id = world.northwind.workspace_id
    try:
        return request_code(world.runtime, workspace_id, place, email, browser)
    except LimitReached:
        return ""


def confirm(
    world: World, place: CodePlace, code: str, browser: Browser = HERE, *, asked: str
) -> str:
    workspace_id = world.northwind.workspace_id
    return confirm_code(world.runtime, workspace_id, place, EMAIL, code, asked, browser)


def mailed_codes(world: World) -> list[str]:
    """Deliver what is due; return the codes of all mails so far, oldest first."""
    while deliver_due(world.runtime):
        pass
    folder = world.runtime.settings.data_dir / "mailbox"
    mails = sorted(folder.rglob("*.eml"), key=lambda x: x.stat().st_mtime_ns)
    found = (re.search(r"Subject: (\d{6}) is", x.read_text()) for x in mails)
    return [x[1] for x in found if x]


class TestAThousandRequests:
    def test_of_one_program_are_a_few_mails(self, world: World, place: CodePlace):
        """For a hundred addresses of customers and of strangers."""
        emails = [f"{number}@vermeer.example" for number in range(99)]

        heard = [
            bool(ask(world, place, A_PROGRAM, email))
            for _ in range(10)
            for email in (EMAIL, *emails)
        ]

        assert len(heard) == 1_000
        assert sum(heard) <= CODES_FREE_OF_NETWORK
        assert len(all_rows(world, world.northwind, OneTimeCode)) == sum(heard)
        assert len(mailed_codes(world)) <= 5
        asked = ask(world, place)
        assert asked
        assert confirm(world, place, mailed_codes(world)[-1], asked=asked)

    def test_from_everywhere_fill_no_mailbox_and_shut_nobody_out(
        self, world: World, place: CodePlace
    ):
        """Who knows an address but holds no link asks where everybody may."""
        asked = [ask_later(world, ANYWHERE, number) for number in range(1_000)]

        assert all(asked)
        hour = timedelta(hours=1) // CODE_SHARED_FOR
        assert len(mailed_codes(world)) <= CODES_MAILED_FREE + hour
        for where in (ANYWHERE, place):
            own = ask(world, where)
            code = mailed_codes(world)[-1]
            assert confirm(world, where, code, asked=own)
        # It was the code of one mail, and works once, whoever asked for it.
        own = ask(world, ANYWHERE)
        world.clock.advance(seconds=1)
        with pytest.raises(InvalidInput):
            confirm(world, ANYWHERE, code, asked=asked[-1])
        assert confirm(world, ANYWHERE, mailed_codes(world)[-1], asked=own)

    @pytest.mark.usefixtures("place")
    def test_from_a_few_places_are_as_many_as_the_limit(self, world: World):
        strangers = [ask_later(world, ANYWHERE, number % 8) for number in range(200)]

        heard = sum(map(bool, strangers))
        assert CODES_FREE_OF_ADDRESS <= heard <= CODES_FREE_OF_ADDRESS + 8
        # Who has proven to read that mail is as new here as before.
        for _ in range(CODES_OF_NEWCOMER + 1):
            asked = ask(world, ANYWHERE)
            assert confirm(world, ANYWHERE, mailed_codes(world)[-1], asked=asked)

    def test_of_others_open_nothing_with_the_code_that_they_share(
        self, world: World, place: CodePlace
    ):
        """Each has tries of their own, and none of them another's."""
        for number in range(CODES_MAILED_FREE):
            ask_later(world, place, number)
        strangers = [ask_later(world, place, 100 + number) for number in range(10)]
        own = ask(world, place)
        code = mailed_codes(world)[-1]
        wrong = f"{(int(code) + 1) % 10**6:06}"

        for number, asked in enumerate(strangers):
            browser = Browser(f"203.0.{100 + number}.0", "curl")
            for _ in range(CODE_TRIES_MAX):
                with pytest.raises(InvalidInput):
                    confirm(world, place, wrong, browser, asked=asked)

        assert confirm(world, place, code, asked=own)
        with pytest.raises(InvalidInput):
            confirm(world, place, code, A_PROGRAM, asked=strangers[-1])


def ask_later(world: World, place: CodePlace, number: int) -> str:
    """Ask from one of many networks, a few seconds after what was before."""
    world.clock.advance(seconds=3)
    return ask(world, place, Browser(f"203.0.{number}.0", "curl"))


class TestGuessing:
    def test_is_slowed_down_and_the_customer_goes_on(
        self, world: World, place: CodePlace
    ):
        asked = ask(world, place)
        mailed_codes(world)

        refusals = []
        for _ in range(50):
            with pytest.raises((InvalidInput, LimitReached)) as refused:
                confirm(world, place, "000000", A_PROGRAM, asked=asked)
            refusals.append(refused.type)

        assert refusals.count(InvalidInput) == TRIES_FREE_OF_PAIR
        # The code is used up by the guesses; another one works at once.
        asked = ask(world, place)
        assert asked
        assert confirm(world, place, mailed_codes(world)[-1], asked=asked)

    def test_of_strangers_uses_up_no_code_of_the_customer_s(
        self, world: World, place: CodePlace
    ):
        """From as many networks as they like, with codes they asked for or without."""
        asked = ask(world, place)
        code = mailed_codes(world)[-1]
        number, _, seal = asked.partition(".")
        made_up = ("", ".", number, f"{number}.", f"{number}.{'0' * 32}", f"0.{seal}")

        for host, carried in enumerate(made_up * 3):
            stranger = Browser(f"203.0.113.{host}", "curl")
            with pytest.raises(InvalidInput):
                confirm(world, place, code, stranger, asked=carried)
        strangers_own = ask(world, place, A_PROGRAM)
        for _ in range(TRIES_FREE_OF_PAIR):
            with pytest.raises(InvalidInput):
                confirm(world, place, code, A_PROGRAM, asked=strangers_own)

        assert confirm(world, place, code, asked=asked)

    def test_the_form_of_another_place_or_address_is_none(
        self, world: World, place: CodePlace
    ):
        ask(world, place)
        code = mailed_codes(world)[-1]
        elsewhere = ask(world, ANYWHERE)
        of_another = ask(world, place, email="other@vermeer.example")

        for carried in (elsewhere, of_another):
            with pytest.raises(InvalidInput):
                confirm(world, place, code, asked=carried)


class TestClockSetBack:
    def test_a_limit_of_a_wrong_clock_holds_nobody_up(
        self, world: World, place: CodePlace
    ):
        world.clock.advance(days=365)
        while ask(world, place):
            pass

        world.clock.advance(days=-365)

        asked = ask(world, place)
        assert asked
        assert confirm(world, place, mailed_codes(world)[-1], asked=asked)

    def test_a_code_of_a_wrong_clock_opens_nothing(
        self, world: World, place: CodePlace
    ):
        world.clock.advance(days=365)
        asked = ask(world, place)
        code = mailed_codes(world)[-1]

        world.clock.advance(days=-365)

        with pytest.raises(InvalidInput):
            confirm(world, place, code, asked=asked)

    def test_a_breath_changes_nothing(self, world: World, place: CodePlace):
        asked = ask(world, place)
        code = mailed_codes(world)[-1]

        world.clock.now -= timedelta(seconds=2)

        assert confirm(world, place, code, asked=asked)
        with pytest.raises(InvalidInput):
            confirm(world, place, code, asked=asked)
