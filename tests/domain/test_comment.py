"""What may be said in a conversation, by whom, and how it reads."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from billing_app.domain import comment
from billing_app.domain.actors import PortalVisitor, Proof
from billing_app.domain.comment import CommentForm, Part, Reserved, Side
from billing_app.domain.errors import InvalidInput, LimitReached, NotPermitted
from billing_app.domain.portal_proof import VerificationRequired
from billing_app.domain.portal_settings import (
    AuthorName,
    CommentMode,
    PortalSettings,
    WriteAuth,
)

NOW = datetime(2026, 3, 2, 11, tzinfo=UTC)
BY_LINK = PortalVisitor(1, 1, 1, 1)
BY_CODE = replace(BY_LINK, proof=Proof.CODE, session_id=1)
SIGNED_IN = replace(BY_LINK, proof=Proof.SESSION, session_id=1)
WITH_TOTP = replace(BY_CODE, has_totp=True)
BUSINESS = Reserved(
    ("Northwind Charter", "Northwind Charter B.V."), ("Nora Owner",), "Vermeer Group"
)


def form(**typed: str) -> CommentForm:
    named = {"name": "Ines Vermeer", "email": "ines@vermeer.example", "body": "Hello"}
    return CommentForm(**{**named, **typed})


class TestCheckMayComment:
    @pytest.mark.feature("F078")
    @pytest.mark.parametrize(
        ("write_auth", "visitor", "missing"),
        [
            (WriteAuth.LINK, BY_LINK, None),
            (WriteAuth.CODE, BY_LINK, WriteAuth.CODE),
            (WriteAuth.CODE, BY_CODE, None),
            (WriteAuth.SESSION, BY_LINK, WriteAuth.SESSION),
            (WriteAuth.SESSION, SIGNED_IN, None),
            (WriteAuth.CODE_TOTP, BY_LINK, WriteAuth.CODE),
            (WriteAuth.CODE_TOTP, BY_CODE, WriteAuth.CODE_TOTP),
            (WriteAuth.CODE_TOTP, WITH_TOTP, None),
        ],
    )
    def test_names_the_proof_that_is_missing(
        self, write_auth: WriteAuth, visitor: PortalVisitor, missing: WriteAuth | None
    ):
        settings = PortalSettings(write_auth=write_auth)
        if missing is None:
            comment.check_may_comment(settings, visitor)
            return

        with pytest.raises(VerificationRequired) as refusal:
            comment.check_may_comment(settings, visitor)
        assert refusal.value.wanted == missing

    @pytest.mark.parametrize(
        "settings",
        [
            PortalSettings(comments=CommentMode.OFF, write_auth=WriteAuth.LINK),
            PortalSettings(comments=CommentMode.READ, write_auth=WriteAuth.LINK),
            PortalSettings(write_auth=WriteAuth.OFF),
        ],
    )
    def test_no_proof_opens_what_is_switched_off(self, settings: PortalSettings):
        with pytest.raises(NotPermitted) as refusal:
            comment.check_may_comment(settings, replace(SIGNED_IN, has_totp=True))
        assert not isinstance(refusal.value, VerificationRequired)

    @pytest.mark.parametrize("trait", ["is_preview", "is_staff"])
    def test_staff_never_write_as_their_customer(self, trait: str):
        settings = PortalSettings(write_auth=WriteAuth.LINK)
        with pytest.raises(NotPermitted):
            comment.check_may_comment(settings, replace(BY_LINK, **{trait: True}))


class TestCleanBody:
    def test_keeps_lines_and_markup_as_typed(self):
        assert comment.clean_body("One\r\n<b>two</b>") == "One\n<b>two</b>"

    def test_drops_what_turns_or_hides_text(self):
        assert comment.clean_body("a\u202eb\u0000c\u2066d") == "abcd"

    def test_closes_walls_of_blank_lines(self):
        assert comment.clean_body("a" + "\n" * 900 + "b") == "a\n\nb"

    @pytest.mark.parametrize("text", ["", "  \n ", "\u200b\u200d"])
    def test_refuses_nothing(self, text: str):
        with pytest.raises(InvalidInput):
            comment.clean_body(text)

    def test_refuses_more_than_fits(self):
        assert len(comment.clean_body("x" * 2_000)) == 2_000
        with pytest.raises(InvalidInput, match="2,000"):
            comment.clean_body("x" * 2_001)


class TestReadAuthor:
    def test_returns_who_it_is(self):
        author = comment.read_author(form(name="  Ines   Vermeer "), BUSINESS)

        assert author == comment.Author("Ines Vermeer", "ines@vermeer.example")

    @pytest.mark.parametrize(
        "name",
        [
            "Northwind Charter",
            "NORTHWIND  CHARTER",
            "N\u00f6rthwind Ch\u00e0rter",
            "Nоrthwind Сharter",
            "N0rthwind-Charter",
            "Northwind\u200bCharter",
            "\uff2e\uff4f\uff52\uff54\uff48wind Charter",
            "Northwind Charter Support",
            "Northwind Charter billing team",
            "Northwind Charter BV",
            "nora owner",
            "Nora 0wner",
            "Mrs Nora Owner",
            "Nora Owner (Northwind)",
            "Nora Owner, Northwind Charter",
            "Northwind Charter \N{EN DASH} Nora Owner",
            "The Northwind Charter team",
            "ɴᴏʀᴀ ᴏᴡɴᴇʀ",
            "Ⓝⓞⓡⓐ Owner",
            "🅽ora Owner",
            "ꓠꓳꓣꓮ ꓳꓪꓠꓰꓣ",
            "Nor\N{CHEROKEE LETTER GO} Owner",
            "Ines from Northwind Charter",
            "Northwind Charter customer relations",
            "Ines (N\N{CYRILLIC SMALL LETTER O}rthwind Charter, Utrecht)",
            "NorthwindCharterDesk",
            "my-northwind-charter",
            *("Staff", "The staff", "5taff", "Northwind staff", "Billing staff"),
        ],
    )
    def test_nobody_writes_under_a_name_of_the_business(self, name: str):
        with pytest.raises(InvalidInput) as refusal:
            comment.read_author(form(name=name), BUSINESS)
        assert refusal.value.field == "name"

    @pytest.mark.parametrize(
        "name",
        [
            *("Nora", "Nora Owner, Vermeer", "Charter", "李小龍", "Support"),
            *("Owner Nora", "Leonora Owner", "The Northwind", "Nora Owner Jr"),
            *("Ines, Charter desk", "Kim Northwind", "Staffan Berg", "Ines Staff"),
        ],
    )
    def test_other_names_stay(self, name: str):
        assert comment.read_author(form(name=name), BUSINESS).name == name

    @pytest.mark.parametrize(
        ("business", "name"),
        [
            ("Vermeer", "Vermeer customer support"),
            ("Vermeer", "Ines from Vermeer"),
            ("Vermeer B.V.", "Ines, Vermeer B.V."),
            ("Ed Lee", "Ed Lee, London"),
        ],
    )
    def test_a_short_name_is_kept_from_who_speaks_for_it(self, business, name):
        with pytest.raises(InvalidInput):
            comment.read_author(form(name=name), Reserved((business,)))

    @pytest.mark.parametrize(
        "joint", ["&", "+", *["and", "und", "et", "y", "e", "en", "i"], ""]
    )
    @pytest.mark.parametrize(
        "business",
        ["Aldgate & Pine Consulting", "Aldgate and Pine Consulting", "Aldgate+Pine"],
    )
    def test_its_two_names_are_its_own_however_they_are_joined(self, business, joint):
        name = re.sub(r" & | and |[+]", f" {joint} ", business)
        reserved = Reserved((business,), (business.replace("Aldgate", "Nora"),))

        glued, member = name.replace(" ", ""), name.replace("Aldgate", "Nora")
        for each in (name, f"{name} billing", f"Ines, {name}", glued, member):
            with pytest.raises(InvalidInput):
                comment.read_author(form(name=each), reserved)

    @pytest.mark.parametrize(
        "name",
        [
            *("Aldgate and Pine und Oak", "Aldgate & Pine Oak", "AldgateyPineandOak"),
            *("Aldgate+Pine and Oak", "Ines, Aldgate + Pine et Oak"),
        ],
    )
    def test_each_joint_of_several_may_read_its_own_way(self, name: str):
        for business in ("Aldgate & Pine & Oak", "Aldgate+Pine and Oak"):
            with pytest.raises(InvalidInput):
                comment.read_author(form(name=name), Reserved((business,)))

    def test_a_name_of_many_joints_is_kept_as_it_is_and_with_one_for_all(self):
        reserved = Reserved((" & ".join(f"Name{it}" for it in range(20)),))

        for joint in (" & ", " and ", " "):
            name = joint.join(f"Name{it}" for it in range(20))
            assert comment.speaks_for_business(name, reserved)

    @pytest.mark.parametrize(
        ("business", "customer", "name"),
        [
            ("Aldgate & Pine", "Aldgate and Pine", "Ines, Aldgate and Pine"),
            ("Aldgate & Pine", "Kestrel", "Andy Pine"),
            ("Vermeer", "Kestrel", "Ines Vermeer"),
            ("Vermeer", "Kestrel", "Dr Ines Vermeer"),
            ("Vermeer", "Vermeer Glass", "Vermeer Glass, accounts"),
            ("North Star", "North Star Logistics", "Ines, North Star Logistics"),
            ("Ed Lee", "Kestrel", "Fred Leeson"),
            ("Northwind Charter", "Charter Partners", "Charter Partners billing"),
        ],
    )
    def test_honest_people_share_a_word_with_a_business(self, business, customer, name):
        reserved = Reserved((business,), customer=customer)

        assert comment.read_author(form(name=name), reserved).name == name

    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ({"name": " "}, "name"),
            ({"name": "x" * 81}, "name"),
            ({"email": "ines"}, "email"),
        ],
    )
    def test_refuses_beside_the_field(self, typed: dict[str, str], field: str):
        with pytest.raises(InvalidInput) as refusal:
            comment.read_author(form(**typed), BUSINESS)
        assert refusal.value.field == field


class TestReadLine:
    def test_counts_from_one(self):
        assert comment.read_line("", 3) is None
        assert comment.read_line("3", 3) == 3

    @pytest.mark.parametrize("text", ["0", "4", "-1", "x", "\u0663", "9" * 30])
    def test_refuses_a_line_that_is_not_there(self, text: str):
        with pytest.raises(InvalidInput):
            comment.read_line(text, 3)


class TestCheckRate:
    def test_lets_people_write(self):
        comment.check_rate([NOW - timedelta(seconds=5)] * 5, 119, NOW)

    def test_stops_a_burst(self):
        with pytest.raises(LimitReached, match="moment"):
            comment.check_rate([NOW - timedelta(seconds=5)] * 6, 6, NOW)

    def test_stops_one_author_for_the_hour(self):
        with pytest.raises(LimitReached, match="later"):
            comment.check_rate([NOW - timedelta(minutes=9)] * 40, 40, NOW)

    def test_stops_many_authors_together(self):
        with pytest.raises(LimitReached):
            comment.check_rate([], 120, NOW)


class TestShownName:
    @pytest.mark.parametrize(
        ("visitor", "mode", "shown"),
        [
            (BY_LINK, AuthorName.FIRST, "Ines"),
            (BY_CODE, AuthorName.FIRST, "Ines Vermeer"),
            (BY_LINK, AuthorName.FULL, "Ines Vermeer"),
        ],
    )
    def test_whole_only_with_proof(
        self, visitor: PortalVisitor, mode: AuthorName, shown: str
    ):
        settings = PortalSettings(author_name=mode)

        assert comment.shown_name("Ines Vermeer", settings, visitor) == shown

    @pytest.mark.parametrize(
        ("name", "first"),
        [
            ("Vermeer, Ines", "Ines"),
            ("ines.vermeer@vermeer.example", "ines"),
            ("Ines", "Ines"),
            ("Dr. Mei Chen", "Mei"),
            ("Prof. Dr. Mei Chen", "Mei"),
            ("Chen, Dr Mei", "Dr Mei"),
            ("Dr. Chen", "Dr. Chen"),
            ("Dr.", "Dr."),
            ("", ""),
            ("J. Chen", "J."),
            ("李小龍", "李小龍"),
        ],
    )
    def test_finds_the_first_name(self, name: str, first: str):
        assert comment.first_name(name) == first


class TestSplitLinks:
    def test_links_only_web_and_mail(self):
        text = "See https://a.example/x?y=1&z=(2), or mailto:a@b.example."

        assert comment.split_links(text) == (
            Part("See "),
            Part("https://a.example/x?y=1&z=(2)", "https://a.example/x?y=1&z=(2)"),
            Part(", or "),
            Part("mailto:a@b.example", "mailto:a@b.example"),
            Part("."),
        )

    @pytest.mark.parametrize(
        "text",
        [
            "javascript:alert(1)",
            "data:text/html,<b>",
            "JaVaScRiPt://https",
            "file:///etc/passwd",
            "//evil.example",
            "http://",
        ],
    )
    def test_nothing_else_can_be_followed(self, text: str):
        assert all(not part.href for part in comment.split_links(text))

    def test_quotes_and_tags_end_an_address(self):
        parts = comment.split_links('https://a.example/"onclick=x <i>')

        assert parts[0].href == "https://a.example/"

    def test_a_long_text_is_quick(self):
        text = "https://" * 12_000

        assert "".join(part.text for part in comment.split_links(text)) == text


class TestBurst:
    def test_lasts_a_quarter_of_an_hour(self):
        first = comment.quarter_of(NOW)

        assert comment.quarter_of(NOW + timedelta(minutes=14)) == first
        assert comment.quarter_of(NOW + timedelta(minutes=15)) != first

    def test_is_of_one_side_and_one_conversation(self):
        keys = {
            comment.burst_key(invoice_id, dispute_id, side, "1")
            for invoice_id in (7, 8)
            for dispute_id in (0, 7, 8)
            for side in Side
        }

        assert len(keys) == 12
