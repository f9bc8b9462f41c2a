"""A mail brings along what its link would give, and never anything else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from sqlmodel import col, select

from billing_app.database import outbox
from billing_app.documents.e_invoice import write_ubl
from billing_app.domain.mail_files import BYTES_MAX, CHOSEN, ChosenFiles, Withheld
from billing_app.domain.portal_settings import MailFiles, PortalSettings
from billing_app.models import (
    CreditNote,
    Customer,
    CustomerContact,
    IssuedDocument,
    OutboxMessage,
    WorkspaceSettings,
)
from billing_app.queries import portal
from billing_app.queries.invoice_detail import read_invoice
from billing_app.services import invoices, portal_links
from billing_app.services.portal_answers import set_customer_answer, set_invoice_answer
from billing_app.web.staff.invoice_words import mail_lines
from billing_app.workflows import document_files
from billing_app.workflows.mail_files import Enclosure, take_files
from billing_app.workflows.outbox import PRINTED, deliver_due
from tests.support.billing import a_customer, all_rows, an_invoice, visitor_of
from tests.support.credit import an_amount, credit
from tests.support.post_office import PostOffice, open_for_mail
from tests.support.quarrel import dispute, resolve
from tests.support.till import Till, counter, till
from tests.support.world import Place, World
from tests.workflows.test_pay_together import start

__all__ = ["counter", "till"]


@pytest.fixture
def office() -> PostOffice:
    return PostOffice()


@pytest.fixture
def served(world: World, office: PostOffice) -> Iterator[World]:
    """A world whose mail goes to a real mail server."""
    with open_for_mail(office) as port:
        yield with_server(world, port)


def with_server(world: World, port: int) -> World:
    url = f"smtp://127.0.0.1:{port}?tls=off"
    settings = replace(world.runtime.settings, smtp_url=url)
    return replace(world, runtime=replace(world.runtime, settings=settings))


def choose(world: World, place: Place, files: MailFiles, **portal: Any) -> None:
    """Answer for the whole workspace."""
    with world.unit(place.system) as uow:
        settings = uow.one(select(WorkspaceSettings))
        now = PortalSettings.from_stored(settings.portal)
        settings.portal = replace(now, mail_files=files, **portal).to_stored()


def print_all(world: World) -> None:
    while deliver_due(world.runtime, only=PRINTED):
        pass


def mail_all(world: World) -> None:
    while deliver_due(world.runtime, without=PRINTED):
        pass


def deliver(world: World) -> None:
    """Print what is to be printed, then mail."""
    print_all(world)
    mail_all(world)


def parse(content: str | bytes | None) -> EmailMessage:
    assert isinstance(content, bytes)
    mail = message_from_bytes(content, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def received(office: PostOffice) -> list[EmailMessage]:
    return [parse(envelope.content) for envelope in office.envelopes]


def files_of(mail: EmailMessage) -> dict[str, bytes]:
    """What came along: bytes by name."""
    found: dict[str, bytes] = {}
    for part in mail.iter_attachments():
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        found[str(part.get_filename())] = content
    return found


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return part.get_content()


def document(world: World, place: Place, invoice_id: int) -> IssuedDocument:
    with world.reading(place.system) as uow:
        return uow.one(
            select(IssuedDocument).where(
                col(IssuedDocument.invoice_id) == invoice_id,
                col(IssuedDocument.kind) == "invoice",
            )
        )


def message(world: World, place: Place, topic: str) -> OutboxMessage:
    with world.reading(place.system) as uow:
        return uow.one(select(OutboxMessage).where(col(OutboxMessage.topic) == topic))


def state_of_mail(world: World, place: Place, invoice_id: int) -> str:
    """What staff read about the latest mail."""
    line, *_ = mail_lines(world.run(place.viewer, read_invoice, invoice_id))
    return line.state


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def an_e_invoice(world: World, place: Place) -> int:
    """Publish an invoice that has all that an e-invoice needs."""
    with world.unit(place.system) as uow:
        settings = uow.one(select(WorkspaceSettings))
        settings.legal_name, settings.country = "Northwind Charter B.V.", "NL"
        settings.registration = "KvK 70112233"
    buyer = a_customer(world, place)
    with world.unit(place.system) as uow:
        uow.get(Customer, buyer).country = "NL"
    return an_invoice(world, place, customer_id=buyer)


@pytest.mark.feature("A32")
class TestWhatComesAlong:
    def test_as_it_comes_a_mail_has_its_link_alone(
        self, served: World, office: PostOffice
    ):
        an_invoice(served, served.northwind)

        deliver(served)

        (mail,) = received(office)
        assert mail.get_content_type() == "multipart/alternative"
        assert (
            CHOSEN
            not in message(served, served.northwind, "mail.invoice_available").details
        )

    def test_the_pdf_is_the_stored_one(self, served: World, office: PostOffice):
        place = served.northwind
        choose(served, place, MailFiles.PDF)
        invoice_id = an_invoice(served, place)

        deliver(served)

        (mail,) = received(office)
        files = files_of(mail)
        assert [sha256(x) for x in files.values()] == [
            document(served, place, invoice_id).pdf_digest
        ]
        assert list(files) == ["Invoice-INV-00001.pdf"]
        assert state_of_mail(served, place, invoice_id) == "Sent with the PDF"

    def test_text_html_and_heads_are_those_of_a_mail_without_files(
        self, served: World, office: PostOffice
    ):
        place = served.northwind
        invoice_id = an_invoice(served, place)
        deliver(served)
        choose(served, place, MailFiles.PDF)

        served.run(place.accounting, invoices.mail_again, invoice_id)
        deliver(served)

        alone, along = received(office)
        for kind in ("plain", "html"):
            assert body(alone, kind) == body(along, kind)
        assert (alone["Subject"], alone["To"]) == (along["Subject"], along["To"])

    def test_the_xml_is_what_the_link_gives(self, served: World, office: PostOffice):
        place = served.northwind
        choose(served, place, MailFiles.PDF_AND_XML)
        invoice_id = an_e_invoice(served, place)

        deliver(served)

        (mail,) = received(office)
        pdf, xml = files_of(mail).items()
        reader = visitor_of(served, place, invoice_id)
        issued = served.run(reader, portal.read_issued)
        assert xml == ("Invoice-INV-00001.ubl.xml", write_ubl(issued))
        assert sha256(pdf[1]) == document(served, place, invoice_id).pdf_digest
        assert [x.get_content_type() for x in mail.iter_attachments()] == [
            "application/pdf",
            "application/xml",
        ]
        assert state_of_mail(served, place, invoice_id) == (
            "Sent with the PDF and the XML"
        )

    def test_what_cannot_be_an_e_invoice_comes_as_a_pdf(
        self, served: World, office: PostOffice
    ):
        place = served.northwind
        choose(served, place, MailFiles.PDF_AND_XML)
        invoice_id = an_invoice(served, place)

        deliver(served)

        assert list(files_of(received(office)[0])) == ["Invoice-INV-00001.pdf"]
        assert state_of_mail(served, place, invoice_id) == (
            "Sent with the PDF: no XML, since this can’t be an e-invoice"
        )

    def test_a_credit_note_comes_with_its_own_files(
        self, served: World, office: PostOffice
    ):
        place = served.northwind
        invoice_id = an_e_invoice(served, place)
        deliver(served)
        choose(served, place, MailFiles.PDF_AND_XML)

        credit(served, place, invoice_id, an_amount("1.50"))
        deliver(served)

        files = files_of(received(office)[-1])
        assert list(files) == [
            "Credit-note-CN-00001.pdf",
            "Credit-note-CN-00001.ubl.xml",
        ]
        (note,) = all_rows(served, place, CreditNote)
        assert sha256(files["Credit-note-CN-00001.pdf"]) == note.pdf_digest
        assert b"CreditNote" in files["Credit-note-CN-00001.ubl.xml"]

    def test_the_answer_to_a_dispute_brings_the_credit_note_along(
        self, served: World, office: PostOffice
    ):
        place = served.northwind
        choose(served, place, MailFiles.PDF)
        invoice_id = an_invoice(served, place, "100.00")
        opened = dispute(served, place, invoice_id, "30.00")
        deliver(served)

        resolve(served, place, opened, "credited", amount="12.50")
        deliver(served)

        assert list(files_of(received(office)[-1])) == ["Credit-note-CN-00001.pdf"]

    def test_a_receipt_comes_as_a_pdf_to_each_reader(
        self, till: Till, office: PostOffice
    ):
        choose(till.world, till.place, MailFiles.PDF_AND_XML)
        invoice_id = till.bill("100.00")
        customer_id = till.invoice(invoice_id).customer_id
        assert customer_id is not None
        with till.world.unit(till.system) as uow:
            uow.add(
                CustomerContact(
                    customer_id=customer_id, email="bo@vermeer.example", kind="to"
                )
            )
        till.press(till.start(invoice_id, "100"), "card")
        till.settle_down()

        with open_for_mail(office) as port:
            deliver(with_server(till.world, port))

        receipts = [x for x in received(office) if "eceipt" in str(x["Subject"])]
        (stored,) = [
            x
            for x in all_rows(till.world, till.place, IssuedDocument)
            if x.kind == "receipt"
        ]
        assert len(receipts) == 2
        for mail in receipts:
            (content,) = files_of(mail).values()
            assert sha256(content) == stored.pdf_digest

    def test_one_payment_for_several_invoices_brings_each_receipt(
        self, till: Till, office: PostOffice
    ):
        choose(till.world, till.place, MailFiles.PDF)
        world, place = till.world, till.place
        customer_id = a_customer(world, place)
        ids = [till.bill("100.00", customer_id=customer_id) for _ in range(3)]
        world.run(place.accounting, set_invoice_answer, ids[2], "shows_pdf", "off")
        pay_together(till, customer_id, ids)

        with open_for_mail(office) as port:
            deliver(with_server(world, port))

        (mail,) = [x for x in received(office) if "eceipt" in str(x["Subject"])]
        digests = {sha256(content) for content in files_of(mail).values()}
        assert digests == {
            x.pdf_digest
            for x in all_rows(world, place, IssuedDocument)
            if x.kind == "receipt" and x.invoice_id != ids[2]
        }
        assert len(digests) == 2


def pay_together(till: Till, customer_id: int, ids: list[int]) -> None:
    till.press(start(till, customer_id, ids), "card")
    till.settle_down()


@pytest.mark.feature("A32")
class TestWhoDecides:
    def test_a_customer_and_an_invoice_have_their_own_answer(
        self, served: World, office: PostOffice
    ):
        place = served.northwind
        choose(served, place, MailFiles.PDF)
        customer_id = a_customer(served, place)
        served.run(
            place.accounting, set_customer_answer, customer_id, "mail_files", "link"
        )
        first = an_invoice(served, place, customer_id=customer_id)
        second = an_invoice(served, place, customer_id=customer_id)
        served.run(place.accounting, set_invoice_answer, second, "mail_files", "pdf")

        deliver(served)

        by_id = {
            str(mail["Message-ID"]): list(files_of(mail)) for mail in received(office)
        }
        assert sorted(by_id.values()) == [[], ["Invoice-INV-00002.pdf"]]
        assert state_of_mail(served, place, first) == "Sent"

    @pytest.mark.parametrize(
        "hidden", [{"shows_pdf": False}, {"is_on": False}, {"shows_invoices": False}]
    )
    def test_what_the_portal_hides_does_not_leave_by_mail(
        self, served: World, office: PostOffice, hidden: dict[str, bool]
    ):
        place = served.northwind
        invoice_id = an_e_invoice(served, place)
        choose(served, place, MailFiles.PDF_AND_XML, **hidden)

        deliver(served)

        (mail,) = received(office)
        assert files_of(mail) == {}
        assert state_of_mail(served, place, invoice_id) == (
            "Sent with the link alone: the portal hides the PDF"
        )

    def test_a_customer_whose_pdf_is_hidden_gets_none(
        self, served: World, office: PostOffice
    ):
        place = served.northwind
        choose(served, place, MailFiles.PDF)
        customer_id = a_customer(served, place)
        served.run(
            place.accounting, set_customer_answer, customer_id, "shows_pdf", "off"
        )
        an_invoice(served, place, customer_id=customer_id)

        deliver(served)

        assert files_of(received(office)[0]) == {}


@pytest.mark.feature("A32")
class TestWaiting:
    def test_a_mail_waits_for_its_file(self, served: World, office: PostOffice):
        place = served.northwind
        choose(served, place, MailFiles.PDF)
        an_invoice(served, place)

        mail_all(served)
        waiting = message(served, place, "mail.invoice_available")
        print_all(served)
        served.clock.advance(seconds=5)
        mail_all(served)

        assert (waiting.attempts, waiting.last_error) == (0, "")
        (mail,) = received(office)
        assert list(files_of(mail)) == ["Invoice-INV-00001.pdf"]

    def test_what_was_brought_in_is_printed_for_its_mail(
        self, served: World, office: PostOffice
    ):
        place = served.northwind
        choose(served, place, MailFiles.PDF)
        an_invoice(served, place)
        with served.unit(place.system) as uow:
            uow.delete(
                uow.one(
                    select(OutboxMessage).where(
                        col(OutboxMessage.topic) == "pdf.render_invoice"
                    )
                )
            )

        mail_all(served)
        print_all(served)
        served.clock.advance(seconds=5)
        mail_all(served)

        assert list(files_of(received(office)[0])) == ["Invoice-INV-00001.pdf"]

    def test_it_waits_no_longer_than_ten_minutes(
        self, served: World, office: PostOffice
    ):
        place = served.northwind
        choose(served, place, MailFiles.PDF)
        invoice_id = an_invoice(served, place)
        mail_all(served)

        served.clock.advance(minutes=9)
        mail_all(served)
        assert received(office) == []
        served.clock.advance(minutes=1)
        mail_all(served)

        (mail,) = received(office)
        assert files_of(mail) == {}
        assert state_of_mail(served, place, invoice_id) == (
            "Sent with the link alone: the PDF could not be made in time"
        )

    def test_what_cannot_be_printed_keeps_no_mail_back(
        self, served: World, office: PostOffice
    ):
        place = served.northwind
        choose(served, place, MailFiles.PDF)
        invoice_id = an_invoice(served, place)
        with served.unit(place.system) as uow:
            uow.one(select(IssuedDocument)).pdf_error = "The PDF engine is missing."
        mail_all(served)

        served.clock.advance(minutes=1)
        mail_all(served)

        assert files_of(received(office)[0]) == {}
        assert state_of_mail(served, place, invoice_id) == (
            "Sent with the link alone: the PDF could not be made in time"
        )

    def test_a_mail_that_waits_stays_a_small_row(self, served: World):
        place = served.northwind
        choose(served, place, MailFiles.PDF_AND_XML)
        an_e_invoice(served, place)
        mail_all(served)
        print_all(served)
        served.clock.advance(seconds=5)
        mail_all(served)

        sent = message(served, place, "mail.invoice_available")
        assert len(str(sent.details)) < 400


@pytest.mark.feature("A32")
class TestAgain:
    def test_another_try_brings_the_same_bytes(self, served: World, office: PostOffice):
        """Once the server took the mail but broke off before it said so."""
        place = served.northwind
        choose(served, place, MailFiles.PDF_AND_XML)
        an_e_invoice(served, place)
        office.answers["DATA"] = "451 4.3.0 Try again"
        deliver(served)
        noted = message(served, place, "mail.invoice_available").details[CHOSEN]

        office.answers.clear()
        choose(served, place, MailFiles.PDF)
        for _ in range(2):
            with served.unit(place.system) as uow:
                again = uow.one(
                    select(OutboxMessage).where(
                        col(OutboxMessage.topic) == "mail.invoice_available"
                    )
                )
                again.done_at, again.available_at = None, uow.now
            mail_all(served)

        first, second = received(office)
        assert files_of(first) == files_of(second)
        assert len(files_of(first)) == 2
        assert first["Message-ID"] == second["Message-ID"]
        assert message(served, place, "mail.invoice_available").details[CHOSEN] == noted

    def test_what_left_without_a_file_gets_none_later(
        self, served: World, office: PostOffice
    ):
        place = served.northwind
        choose(served, place, MailFiles.PDF)
        an_invoice(served, place)
        mail_all(served)
        office.answers["DATA"] = "451 4.3.0 Try again"
        served.clock.advance(minutes=10)
        mail_all(served)

        office.answers.clear()
        print_all(served)
        served.clock.advance(minutes=1)
        mail_all(served)

        assert files_of(received(office)[0]) == {}

    def test_what_was_hidden_meanwhile_stays_here(
        self, served: World, office: PostOffice
    ):
        place = served.northwind
        choose(served, place, MailFiles.PDF)
        invoice_id = an_invoice(served, place)
        office.answers["DATA"] = "451 4.3.0 Try again"
        deliver(served)

        office.answers.clear()
        choose(served, place, MailFiles.PDF, shows_pdf=False)
        served.clock.advance(minutes=1)
        mail_all(served)

        assert files_of(received(office)[0]) == {}
        assert state_of_mail(served, place, invoice_id) == (
            "Sent with the link alone: the portal hides the PDF"
        )

    def test_what_is_not_wanted_any_more_does_not_come(
        self, served: World, office: PostOffice
    ):
        place = served.northwind
        choose(served, place, MailFiles.PDF)
        invoice_id = an_invoice(served, place)
        office.answers["DATA"] = "451 4.3.0 Try again"
        deliver(served)

        office.answers.clear()
        choose(served, place, MailFiles.LINK)
        served.clock.advance(minutes=1)
        mail_all(served)

        assert files_of(received(office)[0]) == {}
        assert state_of_mail(served, place, invoice_id) == "Sent"

    def test_an_invoice_voided_meanwhile_is_not_mailed_at_all(
        self, served: World, office: PostOffice
    ):
        place = served.northwind
        choose(served, place, MailFiles.PDF)
        invoice_id = an_invoice(served, place)
        mail_all(served)

        served.run(place.accounting, invoices.void, invoice_id, "Billed twice")
        print_all(served)
        served.clock.advance(minutes=1)
        mail_all(served)

        assert received(office) == []

    def test_an_invoice_credited_in_part_comes_as_it_was_issued(
        self, served: World, office: PostOffice
    ):
        place = served.northwind
        choose(served, place, MailFiles.PDF)
        invoice_id = an_invoice(served, place, "100.00")
        credit(served, place, invoice_id, an_amount("25.00"))

        deliver(served)

        names = sorted(name for mail in received(office) for name in files_of(mail))
        assert names == ["Credit-note-CN-00001.pdf", "Invoice-INV-00001.pdf"]


@pytest.mark.feature("A32")
class TestWhatIsTooMuchOrGone:
    def test_over_seven_megabytes_the_link_leaves_alone(
        self, served: World, office: PostOffice
    ):
        place = served.northwind
        choose(served, place, MailFiles.PDF)
        invoice_id = an_invoice(served, place)
        put_pdf(served, place, invoice_id, b"%PDF-1.7" + bytes(BYTES_MAX - 7))

        deliver(served)

        assert files_of(received(office)[0]) == {}
        assert state_of_mail(served, place, invoice_id) == (
            "Sent with the link alone: the files are too large for a mail"
        )

    def test_up_to_that_they_come_along(self, served: World, office: PostOffice):
        place = served.northwind
        choose(served, place, MailFiles.PDF)
        invoice_id = an_invoice(served, place)
        content = b"%PDF-1.7" + bytes(BYTES_MAX - 8)
        put_pdf(served, place, invoice_id, content)

        deliver(served)

        assert list(files_of(received(office)[0]).values()) == [content]

    @pytest.mark.parametrize("harm", ["missing", "damaged"])
    def test_a_file_that_was_harmed_does_not_leave(
        self, served: World, office: PostOffice, harm: str
    ):
        place = served.northwind
        choose(served, place, MailFiles.PDF)
        invoice_id = an_invoice(served, place)
        print_all(served)
        digest = document(served, place, invoice_id).pdf_digest
        path = served.runtime.files.path(digest)
        path.unlink() if harm == "missing" else path.write_bytes(b"%PDF else")

        mail_all(served)

        assert files_of(received(office)[0]) == {}
        assert state_of_mail(served, place, invoice_id) == (
            "Sent with the link alone: the stored file is missing or not what it was"
        )


def put_pdf(world: World, place: Place, invoice_id: int, content: bytes) -> None:
    """Let the printed file be these bytes."""
    digest = world.runtime.files.put(content, ".pdf")
    with world.unit(place.system) as uow:
        uow.get(
            IssuedDocument, document(world, place, invoice_id).id or 0
        ).pdf_digest = digest


@pytest.mark.feature("A32")
class TestWhoseFilesTheyAre:
    def test_every_mail_has_the_file_of_the_invoice_its_link_opens(
        self, served: World, office: PostOffice
    ):
        """Two workspaces, two customers each, invoices with the same numbers."""
        owner: dict[str, tuple[int, str]] = {}
        for place in served.places:
            choose(served, place, MailFiles.PDF)
            for name in ("Vermeer Optics", "De Vries"):
                customer_id = a_customer(served, place, name)
                for total in ("100.00", "200.00"):
                    invoice_id = an_invoice(
                        served, place, total, customer_id=customer_id
                    )
                    token = served.run(
                        place.accounting, portal_links.copy_link, invoice_id
                    )
                    owner[token] = (place.workspace_id, str(invoice_id))
        by_workspace = {place.workspace_id: place for place in served.places}

        deliver(served)

        mails = received(office)
        assert len(mails) == 8
        for mail in mails:
            (content,) = files_of(mail).values()
            (token,) = [x for x in owner if x in body(mail, "plain")]
            workspace_id, invoice_id = owner[token]
            mine = document(served, by_workspace[workspace_id], int(invoice_id))
            assert sha256(content) == mine.pdf_digest

    @pytest.mark.parametrize("whose", ["workspace", "customer"])
    def test_a_link_to_somebody_elses_invoice_stops_everything(
        self, world: World, whose: str
    ):
        """Whatever bug led there: nothing is read, nothing is sent."""
        north, other = world.northwind, world.northwind
        if whose == "workspace":
            other = world.kestrel
        for place in world.places:
            choose(world, place, MailFiles.PDF)
        mine = an_invoice(world, north)
        theirs = an_invoice(
            world, other, customer_id=a_customer(world, other, "De Vries")
        )
        print_all(world)
        token = world.run(other.accounting, portal_links.copy_link, theirs)
        customer_id = visitor_of(world, north, mine).customer_id
        claimed = claim(world, north, "mail.invoice_available")

        with pytest.raises(AssertionError, match="another"):
            take_files(
                world.runtime,
                north.system,
                claimed,
                customer_id,
                [Enclosure(mine, token)],
            )

    def test_a_note_that_names_another_file_brings_none(self, world: World):
        """As a row would that somebody has tampered with."""
        north, kestrel = world.places
        for place in world.places:
            choose(world, place, MailFiles.PDF)
        mine, theirs = an_invoice(world, north), an_invoice(world, kestrel, "7.00")
        print_all(world)
        stolen = document(world, kestrel, theirs)
        own = document(world, north, mine)
        token = world.run(north.accounting, portal_links.copy_link, mine)
        claimed = claim(world, north, "mail.invoice_available")
        for row_id in (own.id, stolen.id):
            note = {
                "files": [
                    {
                        "kind": "invoice",
                        "document_id": row_id,
                        "pdf_digest": stolen.pdf_digest,
                        "xml_digest": "",
                    }
                ],
                "withheld": None,
            }

            brought = take_files(
                world.runtime,
                north.system,
                replace(claimed, details={CHOSEN: note}),
                visitor_of(world, north, mine).customer_id,
                [Enclosure(mine, token)],
            )

            assert brought == ()
        noted = message_of(world, north, claimed.id).details
        assert ChosenFiles.from_details(noted) == ChosenFiles(withheld=Withheld.HIDDEN)

    def test_a_mail_to_an_address_of_staffs_choice_has_the_link_alone(
        self, served: World, office: PostOffice
    ):
        place = served.northwind
        invoice_id = an_invoice(served, place)
        deliver(served)
        choose(served, place, MailFiles.PDF)

        served.run(
            place.accounting, portal_links.share_by_mail, invoice_id, "it@v.example"
        )
        deliver(served)

        assert files_of(received(office)[-1]) == {}


def claim(world: World, place: Place, topic: str) -> Any:
    claimed = outbox.claim_due(world.runtime.engine, world.clock.now, 50, only=(topic,))
    (mine,) = [x for x in claimed if x.workspace_id == place.workspace_id][:1]
    return mine


def message_of(world: World, place: Place, message_id: int) -> OutboxMessage:
    with world.reading(place.system) as uow:
        return uow.get(OutboxMessage, message_id)


@pytest.mark.feature("A32")
def test_the_file_in_the_mail_is_the_one_to_download(served: World, office: PostOffice):
    place = served.northwind
    choose(served, place, MailFiles.PDF)
    invoice_id = an_invoice(served, place)

    deliver(served)

    reader = visitor_of(served, place, invoice_id)
    found = served.run(reader, portal.find_document)
    (content,) = files_of(received(office)[0]).values()
    assert content == document_files.read_pdf(served.runtime, found)
