from __future__ import annotations

import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult

from billing_app.gateways import mail as mail_gateway
from billing_app.gateways.errors import GatewayRefused, GatewayUnavailable
from billing_app.gateways.mail import (
    Attachment,
    MailGateway,
    OutgoingMail,
    SmtpServer,
    build_message,
)
from tests.support.post_office import PostOffice, open_for_mail, silent
from tests.support.server import free_port

SENDER = "billing@tallyport.example"
MAIL = OutgoingMail(
    message_id="outbox-42@tallyport.example",
    sender_name="Håndværk & Søn",
    to=("anna@example.com",),
    subject="Invoice INV-42 for 1.234,50 €",
    text="Bonjour Éloïse,\n\nhttps://invoices.example/p/secret\n",
    html="<p>Bonjour Éloïse</p>",
    sent_at=datetime(2026, 11, 22, 12, 0, tzinfo=UTC),
    reply_to="office@handvaerk.example",
)


def parse(message: bytes) -> EmailMessage:
    parsed = BytesParser(EmailMessage, policy=email.policy.default).parsebytes(message)
    assert isinstance(parsed, EmailMessage)
    return parsed


def built(**changes: Any) -> EmailMessage:
    return parse(build_message(replace(MAIL, **changes), SENDER).as_bytes())


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return part.get_content().replace("\r\n", "\n")


class TestBuildMessage:
    def test_carries_text_and_html(self):
        message = built()

        assert message.get_content_type() == "multipart/alternative"
        assert body(message, "plain") == MAIL.text
        assert body(message, "html").strip() == MAIL.html

    def test_heads_say_who_wrote_and_who_reads_the_answer(self):
        message = built()

        assert message["From"] == f"Håndværk & Søn <{SENDER}>"
        assert message["Reply-To"] == "Håndværk & Søn <office@handvaerk.example>"
        assert message["To"] == "anna@example.com"
        assert message["Subject"] == MAIL.subject
        assert message["Message-ID"] == "<outbox-42@tallyport.example>"
        assert message["Date"].datetime == MAIL.sent_at

    def test_heads_ask_robots_not_to_answer(self):
        message = built()

        assert message["Auto-Submitted"] == "auto-generated"
        assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply"

    def test_without_reply_to_there_is_no_such_head(self):
        assert built(reply_to="")["Reply-To"] is None

    def test_says_where_to_unsubscribe_in_one_piece(self):
        """A word longer than a line would be encoded, and no program reads that."""
        url = "https://pay.example.com/mails/" + "gAAA-_" * 50

        message = build_message(replace(MAIL, unsubscribe_url=url), SENDER)

        lines = message.as_bytes().decode().splitlines()
        assert f"List-Unsubscribe: <{url}>" in lines
        assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines

    def test_what_nobody_can_refuse_has_no_such_head(self):
        assert built()["List-Unsubscribe"] is None

    def test_carries_attachments_under_their_names(self):
        pdf = Attachment("Facture n° 42.pdf", b"%PDF-1.7")

        [part] = built(attachments=(pdf,)).iter_attachments()

        assert part.get_filename() == "Facture n° 42.pdf"
        assert part.get_content_type() == "application/pdf"
        assert part.get_content() == b"%PDF-1.7"

    @pytest.mark.feature("A32")
    def test_says_what_each_file_is_and_keeps_its_bytes(self):
        pdf = Attachment("Invoice-7.pdf", b"%PDF-1.7\r\n.\r\n\x00\xff")
        xml = Attachment("Invoice-7.ubl.xml", b"<Invoice/>\n", "application/xml")

        message = build_message(replace(MAIL, attachments=(pdf, xml)), SENDER)
        text, *files = parse(message.as_bytes()).iter_parts()

        assert b'filename="Invoice-7.ubl.xml"' in message.as_bytes()
        assert text.get_content_type() == "multipart/alternative"
        assert [
            (x.get_filename(), x.get_content_type(), x.get_content_disposition())
            for x in files
        ] == [
            ("Invoice-7.pdf", "application/pdf", "attachment"),
            ("Invoice-7.ubl.xml", "application/xml", "attachment"),
        ]
        assert [x.get_payload(decode=True) for x in files] == [pdf.content, xml.content]

    @pytest.mark.parametrize(
        "evil",
        [
            "Hi\r\nBcc: victim@example.com",
            "Hi\nBcc: victim@example.com",
            "Hi\rBcc: victim@example.com",
            "Hi\x00\x0b\x0cBcc: victim@example.com",
            "Hi\u2028\x85Bcc: victim@example.com",
            "Hi\r\n\r\n<script>alert(1)</script>",
        ],
    )
    def test_no_head_can_be_smuggled_in(self, evil: str):
        message = built(subject=evil, sender_name=evil)

        assert message["Bcc"] is None
        assert message["Subject"].startswith("Hi ")
        assert message.get_content_type() == "multipart/alternative"
        assert message["From"].addresses[0].addr_spec == SENDER

    def test_a_picture_stands_where_the_html_names_it(self):
        logo = Attachment("logo.png", b"\x89PNG", "image/png", "logo@tallyport")

        message = built(attachments=(logo,))
        html = message.get_body(("related", "html"))
        assert html is not None
        page, picture = html.iter_parts()

        assert message.get_content_type() == "multipart/alternative"
        assert (html.get_content_type(), page.get_content_type()) == (
            *("multipart/related", "text/html"),
        )
        assert picture["Content-ID"] == "<logo@tallyport>"
        assert picture.get_content_disposition() == "inline"
        assert list(message.iter_attachments()) == []

    def test_no_head_can_be_smuggled_in_by_an_attachment(self):
        pdf = Attachment("a.pdf\r\nBcc: victim@example.com", b"")

        message = built(attachments=(pdf,))
        [part] = message.iter_attachments()

        assert message["Bcc"] is None
        assert part["Bcc"] is None

    @pytest.mark.parametrize(
        "address",
        [
            "",
            "nobody",
            "@example.com",
            "anna@",
            "anna@example.com\r\nBcc: victim@example.com",
            "anna@example.com, victim@example.com",
            "anna@example.com>, <victim@example.com",
            "anna b@example.com",
            "élo@example.com",
            f"anna@{'x' * 70}.com",
        ],
    )
    def test_an_address_that_cannot_be_used_is_refused(self, address: str):
        for change in ({"to": (address,)}, {"reply_to": address or "x"}):
            with pytest.raises(GatewayRefused, match="No mail can be sent") as refusal:
                built(**change)
            assert "\n" not in refusal.value.message

    def test_a_domain_in_other_letters_is_written_in_ascii(self):
        assert built(to=("info@bücher.example",))["To"] == "info@xn--bcher-kva.example"

    @pytest.mark.parametrize("message_id", ["", "a b@c", "a@b\r\nBcc: x@y", "<a@b>"])
    def test_a_message_id_is_plain(self, message_id: str):
        with pytest.raises(AssertionError):
            built(message_id=message_id)


class TestMailbox:
    @pytest.fixture
    def gateway(self, tmp_path: Path) -> MailGateway:
        return MailGateway(SENDER, mailbox=tmp_path / "mailbox")

    async def test_takes_mail_when_there_is_no_server(
        self, gateway: MailGateway, tmp_path: Path
    ):
        assert await gateway.send(MAIL) == ()

        [file] = (tmp_path / "mailbox").iterdir()
        assert file.suffix == ".eml"
        assert parse(file.read_bytes())["Message-ID"] == f"<{MAIL.message_id}>"
        assert not gateway.has_server

    async def test_keeps_one_of_each_message(
        self, gateway: MailGateway, tmp_path: Path
    ):
        await gateway.send(MAIL)
        await gateway.send(replace(MAIL, subject="Again"))
        await gateway.send(replace(MAIL, message_id="outbox-43@tallyport.example"))

        messages = [parse(x.read_bytes()) for x in (tmp_path / "mailbox").iterdir()]
        assert [x["Subject"] for x in messages] == [MAIL.subject] * 2

    def test_takes_mail_from_a_worker_thread(
        self, gateway: MailGateway, tmp_path: Path
    ):
        gateway.send_and_wait(MAIL)

        assert len(list((tmp_path / "mailbox").iterdir())) == 1


@contextmanager
def opened(office: PostOffice, tmp_path: Path, **options: Any) -> Iterator[MailGateway]:
    user, password = options.pop("user", ""), options.pop("password", "")
    starttls = options.pop("starttls", None)
    with open_for_mail(office, **options) as port:
        server = SmtpServer(
            "127.0.0.1", port, user=user, password=password, starttls=starttls
        )
        yield MailGateway(SENDER, mailbox=tmp_path, server=server)


class TestSmtp:
    async def test_hands_the_mail_over(self, tmp_path: Path):
        office = PostOffice()

        with opened(office, tmp_path) as gateway:
            refused = await gateway.send(
                replace(MAIL, to=("a@x.example", "b@x.example"))
            )

        [envelope] = office.envelopes
        assert refused == ()
        assert envelope.mail_from == SENDER
        assert envelope.rcpt_tos == ["a@x.example", "b@x.example"]
        assert isinstance(envelope.content, bytes)
        message = parse(envelope.content)
        assert message["Subject"] == MAIL.subject
        assert body(message, "plain") == MAIL.text
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
    async def test_signs_in(self, tmp_path: Path):
        seen: list[tuple[bytes, bytes]] = []

        def check(server, session, envelope, mechanism, data) -> AuthResult:
            seen.append((data.login, data.password))
            return AuthResult(success=data.password == b"p:w@d", handled=False)

        options = {
            "authenticator": check,
            "auth_require_tls": False,
            "auth_required": True,
        }
        with opened(
            PostOffice(), tmp_path, user="tally", password="p:w@d", **options
        ) as gateway:
            await gateway.send(MAIL)
        with (
            opened(
                PostOffice(), tmp_path, user="tally", password="no", **options
            ) as gateway,
            pytest.raises(GatewayRefused, match="user name and password") as refusal,
        ):
            await gateway.send(MAIL)

        assert seen[0] == (b"tally", b"p:w@d")
        assert refusal.value.reason == "smtp_535"

    @pytest.mark.parametrize("at", ["anna@example.com", "DATA"])
    async def test_5xx_is_final(self, tmp_path: Path, at: str):
        office = PostOffice({at: "550 5.1.1 No such user"})

        with opened(office, tmp_path) as gateway, pytest.raises(GatewayRefused) as no:
            await gateway.send(MAIL)

        assert no.value.reason == "smtp_550"

    @pytest.mark.parametrize("at", ["anna@example.com", "DATA"])
    async def test_4xx_is_for_now(self, tmp_path: Path, at: str):
        office = PostOffice({at: "451 4.7.1 Greylisted"})

        with (
            opened(office, tmp_path) as gateway,
            pytest.raises(GatewayUnavailable) as refusal,
        ):
            await gateway.send(MAIL)

        assert not refusal.value.is_outcome_unknown

    async def test_one_refused_address_does_not_hold_back_the_others(
        self, tmp_path: Path
    ):
        office = PostOffice({"gone@x.example": "550 5.1.1 No such user"})

        with opened(office, tmp_path) as gateway:
            refused = await gateway.send(
                replace(MAIL, to=("gone@x.example", "here@x.example"))
            )

        assert refused == ("gone@x.example",)
        assert office.envelopes[0].rcpt_tos == ["here@x.example"]

    async def test_a_server_that_is_away_is_unavailable(self, tmp_path: Path):
        server = SmtpServer("127.0.0.1", free_port())
        gateway = MailGateway(SENDER, mailbox=tmp_path, server=server)

        with pytest.raises(GatewayUnavailable) as refusal:
            await gateway.send(MAIL)

        assert not refusal.value.is_outcome_unknown

    async def test_nothing_is_sent_in_the_clear_when_encryption_is_set(
        self, tmp_path: Path
    ):
        office = PostOffice()

        with (
            opened(office, tmp_path, starttls=True) as gateway,
            pytest.raises(GatewayRefused) as refusal,
        ):
            await gateway.send(MAIL)

        assert refusal.value.reason == "not_supported"
        assert office.envelopes == []


class TestSmtpServer:
    @pytest.mark.parametrize(
        ("url", "port", "is_wrapped", "starttls"),
        [
            ("smtp://mail.example.com", 587, False, True),
            ("smtp://mail.example.com:25", 25, False, True),
            ("smtp://mail.internal:25?tls=off", 25, False, False),
            ("smtp://localhost:1025", 1025, False, None),
            ("smtp://127.0.0.1:1025", 1025, False, None),
            ("smtps://mail.example.com", 465, True, False),
        ],
    )
    def test_reads_an_address(
        self, url: str, port: int, is_wrapped: bool, starttls: bool | None
    ):
        server = SmtpServer.from_url(url)

        assert server.port == port
        assert server.is_wrapped is is_wrapped
        assert server.starttls is starttls

    def test_reads_a_password_with_any_letters_and_does_not_show_it(self):
        server = SmtpServer.from_url("smtp://me%40x:p%3Aw%2Fd@mail.example.com")

        assert (server.user, server.password) == ("me@x", "p:w/d")
        assert "p:w/d" not in repr(server)


class TestServersOfWorkspaces:
    """A server that was not chosen by whoever runs the installation."""

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
    async def test_none_of_our_own_network_is_spoken_to(
        self, host: str, tmp_path: Path
    ):
        office = PostOffice()
        with open_for_mail(office) as port:
            server = SmtpServer(host, port, starttls=False, is_public=True)
            gateway = MailGateway(SENDER, mailbox=tmp_path, server=server)
            with pytest.raises(GatewayRefused) as open_port:
                await gateway.send(MAIL)
            closed = MailGateway(
                SENDER, mailbox=tmp_path, server=replace(server, port=free_port())
            )
            with pytest.raises(GatewayRefused) as closed_port:
                await closed.send(MAIL)

        assert office.envelopes == []
        assert open_port.value.reason == "not_public"
        assert open_port.value.message == closed_port.value.message

    @pytest.mark.parametrize(
        "host",
        [
            *("10.0.0.5", "172.16.3.4", "192.168.1.1", "169.254.169.254", "0.0.0.0"),
            *("100.64.0.1", "224.0.0.1", "2130706433", "0x7f.1", "::1", "fe80::1"),
            *("fd00:ec2::254", "::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::a00:5"),
        ],
    )
    async def test_however_its_address_is_written(self, host: str, tmp_path: Path):
        server = SmtpServer(host, 25, is_public=True)

        with pytest.raises(GatewayRefused) as refusal:
            await MailGateway(SENDER, mailbox=tmp_path, server=server).send(MAIL)

        assert refusal.value.reason == "not_public"


async def test_a_name_that_is_none_leads_nowhere(tmp_path: Path):
    server = SmtpServer("mail..example", 25)

    with pytest.raises(GatewayUnavailable):
        await MailGateway(SENDER, mailbox=tmp_path, server=server).send(MAIL)


async def test_a_server_that_says_nothing_is_left_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Each answer may take its time, but not all of them together."""
    monkeypatch.setattr(mail_gateway, "WHOLE_SECONDS", 0.3)

    with silent() as port:
        server = SmtpServer("127.0.0.1", port)
        with pytest.raises(GatewayUnavailable):
            await MailGateway(SENDER, mailbox=tmp_path, server=server).send(MAIL)
