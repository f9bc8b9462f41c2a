"""What a commit promised is done: printed once, mailed once, retried, given up."""

import email
import email.policy
import io
from dataclasses import replace

import pytest
from PIL import Image
from sqlmodel import col, delete, select

from billing_app.database import outbox
from billing_app.database.verify import find_broken
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.events import Topic
from billing_app.gateways import mail as mail_gateway
from billing_app.models import IssuedDocument, OutboxMessage
from billing_app.queries.invoice_detail import read_invoice
from billing_app.queries.invoices import count_by_status
from billing_app.services import drafts, invoices, issued_documents, portal_links
from billing_app.services.customers import CustomerForm, create_customer
from billing_app.services.mail_settings import (
    MailForm,
    change_mail,
    request_test_mail,
)
from billing_app.services.portal_sessions import CodePlace, ask_for_code
from billing_app.web.staff.invoice_words import mail_lines
from billing_app.workflows import outbox as outbox_workflow
from billing_app.workflows.deliveries import print_document
from billing_app.workflows.logo import take_logo
from billing_app.workflows.outbox import URGENT, Turns, deliver_due
from tests.support.post_office import PostOffice, open_for_mail, silent
from tests.support.server import free_port

FLIGHT = LineForm(name="Charter flight", quantity="2.4", unit_price="3450.00")


def publish(world, email="ap@vermeer.example"):
    biller = world.northwind.accounting
    form = CustomerForm(name="Vermeer Optics", email=email)
    customer_id = world.run(biller, create_customer, form)
    draft = world.run(
        biller, drafts.create_draft, DraftForm(customer_id=customer_id, lines=(FLIGHT,))
    )
    world.run(biller, invoices.issue_and_publish, draft.invoice_id, draft.version)
    return draft.invoice_id


def deliver_all(world):
    while deliver_due(world.runtime):
        pass


def mails(world):
    return sorted((world.runtime.settings.data_dir / "mailbox").glob("*.eml"))


def message(world, topic):
    with world.reading(world.northwind.viewer) as uow:
        return uow.one(select(OutboxMessage).where(col(OutboxMessage.topic) == topic))


@pytest.mark.feature("F106")
def test_a_published_invoice_is_printed_and_mailed_with_its_link(world):
    invoice_id = publish(world)

    deliver_all(world)

    token = world.run(world.northwind.accounting, portal_links.copy_link, invoice_id)
    with world.reading(world.northwind.viewer) as uow:
        document = uow.one(select(IssuedDocument))
    assert world.runtime.files.read(document.pdf_digest).startswith(b"%PDF")
    (mail,) = mails(world)
    assert f"/p/{token}" in mail.read_text().replace("=\n", "")


@pytest.mark.feature("F008")
def test_a_link_is_mailed_to_whom_staff_named(world):
    invoice_id = publish(world)
    deliver_all(world)
    place = world.northwind
    world.run(place.accounting, portal_links.share_by_mail, invoice_id, "it@v.example")

    deliver_all(world)

    token = world.run(place.accounting, portal_links.copy_link, invoice_id)
    texts = [x.read_text().replace("=\n", "") for x in mails(world)]
    (shared,) = [x for x in texts if "To: it@v.example" in x]
    assert f"/p/{token}" in shared


@pytest.mark.feature("F008")
def test_a_link_revoked_meanwhile_is_not_mailed(world):
    invoice_id = publish(world)
    deliver_all(world)
    before = mails(world)
    place = world.northwind
    world.run(place.accounting, portal_links.share_by_mail, invoice_id, "it@v.example")
    world.run(place.accounting, portal_links.revoke_links, invoice_id)

    deliver_all(world)

    assert mails(world) == before
    assert message(world, Topic.MAIL_LINK).failed_at is not None


def test_a_mail_without_a_server_is_kept_and_not_said_to_be_sent(world):
    invoice_id = publish(world)

    deliver_all(world)

    viewer = world.northwind.viewer
    (mail,) = mail_lines(world.run(viewer, read_invoice, invoice_id))
    assert mail.state == "Kept in the mailbox, not sent: no mail server is set up"
    assert len(mails(world)) == 1
    assert world.run(viewer, read_invoice, invoice_id).sent_at is None


def test_in_the_demo_the_mailbox_is_where_mail_goes(world):
    settings = replace(world.runtime.settings, is_demo=True)
    world = replace(world, runtime=replace(world.runtime, settings=settings))
    invoice_id = publish(world)

    deliver_all(world)

    viewer = world.northwind.viewer
    invoice = world.run(viewer, read_invoice, invoice_id)
    (mail,) = mail_lines(invoice)
    assert mail.state == "Sent"
    assert invoice.sent_at is not None
    assert world.run(viewer, count_by_status).sent.seen == 1
    assert not find_broken(world.runtime.engine, world.clock.now)


def test_the_first_mail_that_left_makes_an_invoice_sent_and_no_other(world):
    settings = replace(world.runtime.settings, is_demo=True)
    world = replace(world, runtime=replace(world.runtime, settings=settings))
    invoice_id, viewer = publish(world), world.northwind.viewer
    deliver_all(world)
    first = world.run(viewer, read_invoice, invoice_id).sent_at

    world.clock.advance(days=1)
    world.run(world.northwind.accounting, invoices.mail_again, invoice_id)
    deliver_all(world)

    assert len(mails(world)) == 2
    assert world.run(viewer, read_invoice, invoice_id).sent_at == first


def test_delivering_again_changes_nothing(world):
    publish(world)
    deliver_all(world)
    before = mails(world)

    deliver_all(world)

    assert mails(world) == before


def test_the_same_document_is_the_same_file_when_printed_twice(world):
    invoice_id = publish(world)
    deliver_all(world)
    find = issued_documents.find_to_print
    document = world.run(world.northwind.system, find, invoice_id, 0)

    again = print_document(world.runtime, document)

    assert again == world.runtime.files.read(document.pdf_digest)


@pytest.mark.feature("F106")
def test_a_customer_without_an_address_fails_where_staff_can_see_it(world):
    publish(world, email="")

    deliver_all(world)

    failed = message(world, "mail.invoice_available")
    assert failed.failed_at is not None
    assert "no email address" in failed.last_error


def test_a_void_invoice_is_not_mailed_any_more(world):
    invoice_id = publish(world)
    world.run(world.northwind.accounting, invoices.void, invoice_id, "Wrong customer")

    deliver_all(world)

    assert mails(world) == []


def test_a_code_does_not_wait_behind_documents(world):
    publish(world)
    place = CodePlace(customer_id=1)
    world.run(world.northwind.system, ask_for_code, place, "ap@vermeer.example")

    assert deliver_due(world.runtime, only=URGENT) == 1
    assert message(world, Topic.MAIL_CODE).done_at
    assert message(world, Topic.RENDER_INVOICE).done_at is None
    assert deliver_due(world.runtime, without=URGENT) > 1
    assert not deliver_due(world.runtime)


def test_a_claim_of_a_dead_worker_comes_back(world):
    publish(world)
    runtime = world.runtime
    assert outbox.claim_due(runtime.engine, runtime.now(), 20)
    assert not outbox.claim_due(runtime.engine, runtime.now(), 20)

    world.clock.advance(minutes=3)

    assert outbox.claim_due(runtime.engine, runtime.now(), 20)


@pytest.mark.parametrize("attempts", [1, 6])
def test_a_failure_is_put_off_with_growing_patience(world, attempts):
    publish(world)
    runtime = world.runtime
    claimed = outbox.claim_due(runtime.engine, runtime.now(), 1)[0]
    outbox.mark_failed(
        runtime.engine,
        replace(claimed, attempts=attempts),
        runtime.now(),
        "down",
        is_final=False,
    )

    with world.reading(world.northwind.viewer) as uow:
        waiting = uow.get(OutboxMessage, claimed.id)
    delay = outbox.RETRY_DELAYS[attempts - 1]
    assert waiting.available_at == runtime.now() + delay


def with_logo(world):
    """Give the workspace a logo of 200 x 100 pixels; return its digest."""
    written = io.BytesIO()
    Image.new("RGBA", (200, 100), "teal").save(written, "PNG")
    return take_logo(world.runtime, world.northwind.owner, written.getvalue())


def picture_of(mail):
    parsed = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
    pictures = [x for x in parsed.walk() if x.get_content_maintype() == "image"]
    assert len(pictures) == 1
    return pictures[0]


def test_the_logo_travels_inside_the_mail_and_small(world):
    with_logo(world)
    publish(world)

    deliver_all(world)

    (mail,) = mails(world)
    picture = picture_of(mail)
    assert f"cid:{picture['Content-ID'].strip('<>')}" in mail.read_text()
    with Image.open(io.BytesIO(picture.get_content())) as shown:
        assert shown.size == (144, 72)


def test_a_lost_logo_keeps_no_mail_back(world):
    world.runtime.files.path(with_logo(world)).unlink()
    world.run(world.northwind.owner, request_test_mail, "owner@northwind.example")

    deliver_all(world)

    (mail,) = mails(world)
    assert "image/png" not in mail.read_text()


def test_a_mail_does_not_wait_for_what_is_to_be_printed(world):
    for number in range(6):
        publish(world, f"ap{number}@vermeer.example")
    with world.unit(world.northwind.system) as uow:
        uow.execute(delete(OutboxMessage).where(col(OutboxMessage.topic).like("mail%")))
    world.clock.advance(minutes=1)
    world.run(world.northwind.owner, request_test_mail, "owner@northwind.example")

    (first, *_) = outbox.claim_due(world.runtime.engine, world.clock(), 5)

    assert first.topic == "mail.test"


def test_mail_that_found_no_server_arrives_once_there_is_one(world):
    settings = replace(
        world.runtime.settings, smtp_url=f"smtp://127.0.0.1:{free_port()}"
    )
    world.run(world.northwind.owner, request_test_mail, "owner@northwind.example")

    deliver_due(replace(world.runtime, settings=settings))

    waiting = message(world, "mail.test")
    assert (waiting.done_at, waiting.failed_at, mails(world)) == (None, None, [])
    assert waiting.last_error
    world.clock.advance(seconds=10)
    deliver_due(world.runtime)
    assert message(world, "mail.test").done_at is not None
    assert len(mails(world)) == 1


class TestServersOfWorkspaces:
    """What one workspace entered as its mail server, and the others beside it."""

    @pytest.fixture
    def entered(self, world):
        """Northwind entered a server of this machine; return how to with its port."""

        def enter(port, **changes):
            form = MailForm(
                "127.0.0.1", str(port), "", "", "none", "a@northwind.example"
            )
            world.run(world.northwind.admin, change_mail, 1, form)
            settings = replace(world.runtime.settings, **changes)
            return replace(world, runtime=replace(world.runtime, settings=settings))

        return enter

    def test_nobody_looks_around_in_the_network_of_the_installation(self, entered):
        office = PostOffice()
        with open_for_mail(office) as port:
            world = entered(port)
            world.run(world.northwind.admin, request_test_mail, "a@x.example")
            deliver_due(world.runtime)

        assert office.envelopes == []
        waiting = message(world, Topic.MAIL_TEST)
        assert "SMTP_PRIVATE_HOSTS" in waiting.last_error

    def test_but_for_the_servers_that_its_operator_names(self, entered):
        office = PostOffice()
        with open_for_mail(office) as port:
            world = entered(port, smtp_private_hosts=frozenset({"127.0.0.1"}))
            world.run(world.northwind.admin, request_test_mail, "a@x.example")
            deliver_due(world.runtime)

        assert [x.rcpt_tos for x in office.envelopes] == [["a@x.example"]]

    def test_one_that_never_answers_keeps_no_other_workspace_waiting(
        self, entered, monkeypatch
    ):
        """Five mails wait for it; the sixth is somebody else's, and leaves next."""
        monkeypatch.setattr(mail_gateway, "WHOLE_SECONDS", 0.3)
        monkeypatch.setattr(outbox_workflow, "SLOW_SECONDS", 0.2)
        with silent() as port:
            world = entered(port, smtp_private_hosts=frozenset({"127.0.0.1"}))
            for number in range(5):
                to = f"a{number}@x.example"
                world.run(world.northwind.admin, request_test_mail, to)
            world.run(world.kestrel.admin, request_test_mail, "k@x.example")
            turns = Turns()

            deliver_due(world.runtime, turns)
            tried = attempts(world)
            deliver_due(world.runtime, turns)

        assert tried == [1, 0, 0, 0, 0]
        assert attempts(world) == [1, 0, 0, 0, 0]
        assert len(mails(world)) == 1


def attempts(world):
    """Return how often each of Northwind's messages was tried, oldest first."""
    with world.reading(world.northwind.viewer) as uow:
        found = uow.all(select(OutboxMessage).order_by(col(OutboxMessage.id)))
        return [each.attempts for each in found]
