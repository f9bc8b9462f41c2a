from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from billing_app.gateways.mail import Attachment, MailGateway, OutgoingMail
from billing_app.sandbox.mailbox_app import mailbox_app
from tests.support.asgi import http

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LINK = "https://invoices.example/p/secret"
MAIL = OutgoingMail(
    message_id="1@tallyport.example",
    sender_name="North Ltd",
    to=("anna@example.com",),
    subject="Invoice INV-42",
    text=f"Hello Anna,\n\n{LINK}\n",
    html=f'<html><head></head><body><a href="{LINK}">View</a></body></html>',
    sent_at=NOON,
    reply_to="office@north.example",
    attachments=(Attachment("INV-42.pdf", b"%PDF-1.7"),),
)


@pytest.fixture
def gateway(tmp_path: Path) -> MailGateway:
    return MailGateway("billing@tallyport.example", mailbox=tmp_path)


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with http(mailbox_app(tmp_path)) as client:
        yield client


async def test_an_empty_mailbox_says_what_fills_it(client: httpx.AsyncClient):
    answer = await client.get("/")

    assert answer.status_code == 200
    assert "No mail yet" in answer.text
    assert (await client.get("/messages.json")).json() == []


async def test_messages_say_everything(gateway: MailGateway, client: httpx.AsyncClient):
    await gateway.send(MAIL)

    [message] = (await client.get("/messages.json")).json()

    assert message["message_id"] == MAIL.message_id
    assert message["sender"] == "North Ltd <billing@tallyport.example>"
    assert message["reply_to"] == "North Ltd <office@north.example>"
    assert message["to"] == "anna@example.com"
    assert message["subject"] == "Invoice INV-42"
    assert message["text"] == MAIL.text
    assert message["html"].strip() == MAIL.html
    assert message["links"] == [LINK]
    assert message["attachments"] == [
        {"name": "INV-42.pdf", "media_type": "application/pdf", "size": 8}
    ]
    assert message["date"] == NOON.isoformat()


async def test_the_newest_comes_first(gateway: MailGateway, client: httpx.AsyncClient):
    for n, minutes in enumerate((5, 30, 1)):
        await gateway.send(
            replace(
                MAIL,
                message_id=f"{n}@tallyport.example",
                subject=f"After {minutes}",
                sent_at=NOON + timedelta(minutes=minutes),
            )
        )

    messages = (await client.get("/messages.json")).json()

    assert [x["subject"] for x in messages] == ["After 30", "After 5", "After 1"]


async def test_the_list_leads_to_the_mail(
    gateway: MailGateway, client: httpx.AsyncClient
):
    await gateway.send(MAIL)
    [message] = (await client.get("/messages.json")).json()

    page = (await client.get("/")).text
    shown = await client.get(f"/mail/{message['id']}")

    assert f'href="mail/{message["id"]}"' in page
    assert shown.status_code == 200
    assert f'<a href="{LINK}" target="_blank" rel="noreferrer noopener">' in shown.text
    assert "INV-42.pdf" in shown.text


async def test_the_html_is_shown_where_it_can_do_nothing(
    gateway: MailGateway, client: httpx.AsyncClient
):
    evil = '<html><head></head><script>alert(1)</script>"></iframe><b>out</b></html>'
    await gateway.send(replace(MAIL, html=evil, subject="<b>bold</b>"))
    [message] = (await client.get("/messages.json")).json()

    page = (await client.get(f"/mail/{message['id']}")).text

    assert "<script>" not in page
    assert "<b>" not in page
    assert page.count("</iframe>") == 1
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page


@pytest.mark.parametrize(
    "name", ["0" * 32, "..%2f..%2fetc%2fpasswd", "x", "A" * 32, "%2e%2e"]
)
async def test_an_unknown_mail_is_not_found(
    gateway: MailGateway, client: httpx.AsyncClient, name: str
):
    await gateway.send(MAIL)

    assert (await client.get(f"/mail/{name}")).status_code == 404


async def test_what_lies_beside_the_mail_is_not_shown(
    tmp_path: Path, client: httpx.AsyncClient
):
    (tmp_path / ".half.tmp").write_bytes(b"Subject: half\r\n\r\n")

    assert (await client.get("/messages.json")).json() == []


async def test_a_picture_that_came_along_is_shown(
    gateway: MailGateway, client: httpx.AsyncClient
):
    logo = Attachment("logo.png", b"\x89PNG", "image/png", "logo@tallyport")
    html = MAIL.html.replace("View", '<img src="cid:logo@tallyport">')
    await gateway.send(replace(MAIL, html=html, attachments=(logo,)))

    [message] = (await client.get("/messages.json")).json()

    assert '<img src="data:image/png;base64,iVBORw==">' in message["html"]
    assert message["attachments"] == []


@pytest.mark.feature("A32")
async def test_a_file_is_opened_as_it_came(
    gateway: MailGateway, client: httpx.AsyncClient
):
    await gateway.send(MAIL)
    [message] = (await client.get("/messages.json")).json()

    page = await client.get(f"/mail/{message['id']}")
    file = await client.get(f"/mail/{message['id']}/files/1")

    assert f'href="{message["id"]}/files/1"' in page.text
    assert file.content == b"%PDF-1.7"
    assert file.headers["content-type"] == "application/pdf"
    assert file.headers["content-disposition"] == 'attachment; filename="INV-42.pdf"'
    assert file.headers["x-content-type-options"] == "nosniff"


@pytest.mark.feature("A32")
async def test_a_file_never_becomes_a_page(
    gateway: MailGateway, client: httpx.AsyncClient
):
    evil = Attachment('a".html\r\n<é>', b"<script>alert(1)</script>", "text/html")
    await gateway.send(replace(MAIL, attachments=(evil,)))
    [message] = (await client.get("/messages.json")).json()

    file = await client.get(f"/mail/{message['id']}/files/1")

    assert file.headers["content-type"] == "application/octet-stream"
    assert file.headers["content-disposition"].startswith("attachment; ")
    assert file.headers["content-disposition"].count('"') == 2
    assert "sandbox" in file.headers["content-security-policy"]


@pytest.mark.parametrize("number", ["0", "2", "-1", "x", "1.5"])
async def test_a_file_that_did_not_come_is_not_found(
    gateway: MailGateway, client: httpx.AsyncClient, number: str
):
    await gateway.send(MAIL)
    [message] = (await client.get("/messages.json")).json()

    for mail_id in (message["id"], "0" * 32):
        answer = await client.get(f"/mail/{mail_id}/files/{number}")
        assert answer.status_code == 404
