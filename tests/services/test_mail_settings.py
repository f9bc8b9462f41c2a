from dataclasses import replace

import pytest
from sqlmodel import col, select

from billing_app.domain.actors import Role
from billing_app.domain.errors import InvalidInput, NotPermitted, StaleDraft
from billing_app.domain.mail_settings import MailSecurity, MailSettings
from billing_app.domain.portal_settings import MailFiles
from billing_app.models import AuditEntry, OutboxMessage, WorkspaceSettings
from billing_app.queries.settings import TriedMail, read_mail, read_test_mail
from billing_app.services.mail_settings import (
    MailForm,
    change_mail,
    change_mail_files,
    request_test_mail,
)
from billing_app.services.portal_answers import set_customer_answer
from billing_app.services.portal_settings import apply_profile
from tests.support.billing import a_customer
from tests.support.world import World

FORM = MailForm(
    host="mail.northwind.example",
    user="billing",
    password="a mail password",
    security="tls",
    sender="billing@northwind.example",
)


def stored(world: World) -> WorkspaceSettings:
    with world.reading(world.northwind.owner) as uow:
        return uow.one(select(WorkspaceSettings))


class TestChangeMail:
    def test_saves_the_server_with_its_usual_port(self, world: World):
        world.run(world.northwind.admin, change_mail, 1, FORM)

        page = world.run(world.northwind.admin, read_mail)
        assert page.settings == MailSettings(
            host="mail.northwind.example",
            port=465,
            user="billing",
            security=MailSecurity.TLS,
            sender="billing@northwind.example",
            sends_copies=False,
        )
        assert page.has_password

    def test_password_rests_encrypted_and_in_no_audit(self, world: World):
        world.run(world.northwind.admin, change_mail, 1, FORM)

        settings = stored(world)
        assert "a mail password" not in repr(settings)
        clear = world.runtime.cipher.decrypt(settings.mail_password_encrypted)
        assert clear == "a mail password"
        with world.reading(world.northwind.owner) as uow:
            assert "a mail password" not in str(uow.all(select(AuditEntry.details)))

    def test_an_empty_password_keeps_the_stored_one(self, world: World):
        world.run(world.northwind.admin, change_mail, 1, FORM)
        before = stored(world).mail_password_encrypted
        changed = replace(FORM, password="", reply_to="a@b.example")

        world.run(world.northwind.admin, change_mail, 2, changed)

        assert stored(world).mail_password_encrypted == before

    @pytest.mark.parametrize(
        "change",
        [
            *({"host": "evil.example"}, {"user": "other"}, {"port": "4650"}),
            {"security": "none"},
        ],
    )
    def test_a_stored_password_goes_to_no_other_server_and_nowhere_in_the_clear(
        self, world: World, change: dict[str, str]
    ):
        world.run(world.northwind.admin, change_mail, 1, FORM)

        changed = replace(FORM, password="", **change)

        with pytest.raises(InvalidInput) as refusal:
            world.run(world.northwind.admin, change_mail, 2, changed)

        assert refusal.value.field == "password"

    def test_a_stored_password_stays_where_only_the_encryption_changes(
        self, world: World
    ):
        world.run(world.northwind.admin, change_mail, 1, FORM)
        changed = replace(FORM, password="", security="starttls")

        world.run(world.northwind.admin, change_mail, 2, changed)

        page = world.run(world.northwind.admin, read_mail)
        assert (page.settings.port, page.has_password) == (587, True)

    def test_without_a_user_there_is_no_password(self, world: World):
        world.run(world.northwind.admin, change_mail, 1, FORM)
        world.run(world.northwind.admin, change_mail, 2, replace(FORM, user=""))

        assert stored(world).mail_password_encrypted == ""

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"host": "https://mail.example"}, "host"),
            ({"host": "mail.example\r\nQUIT"}, "host"),
            ({"port": "0"}, "port"),
            ({"port": "99999"}, "port"),
            ({"port": "５８７"}, "port"),
            ({"security": "maybe"}, "security"),
            ({"sender": ""}, "sender"),
            ({"sender": "a@b.example\nBcc: c@d.example"}, "sender"),
            ({"reply_to": "nobody"}, "reply_to"),
        ],
    )
    def test_names_the_field_it_cannot_use(
        self, world: World, changes: dict[str, str], field: str
    ):
        with pytest.raises(InvalidInput) as refusal:
            world.run(world.northwind.admin, change_mail, 1, replace(FORM, **changes))

        assert refusal.value.field == field


@pytest.mark.feature("A32")
class TestChangeMailFiles:
    def test_is_kept_with_the_answers_of_the_portal(self, world: World):
        admin = world.northwind.admin
        world.run(admin, change_mail, 1, FORM)

        version = world.run(admin, change_mail_files, 2, "pdf_xml")

        page = world.run(admin, read_mail)
        assert (page.version, page.files) == (version, MailFiles.PDF_AND_XML)
        assert page.settings.host == FORM.host
        with world.reading(admin) as uow:
            *_, entry = uow.all(select(AuditEntry).order_by(col(AuditEntry.id)))
        assert entry.event == "settings_changed"
        assert entry.details["fields"] == ["mail_files"]

    def test_the_same_answer_changes_nothing(self, world: World):
        assert world.run(world.northwind.admin, change_mail_files, 1, "link") == 1

    def test_saving_the_portal_page_or_a_profile_keeps_it(self, world: World):
        admin = world.northwind.admin
        version = world.run(admin, change_mail_files, 1, "pdf")

        version = world.run(admin, apply_profile, version, "client_account")

        assert world.run(admin, read_mail).files == MailFiles.PDF

    def test_it_is_known_how_many_customers_differ_and_that_no_pdf_is_shown(
        self, world: World
    ):
        place = world.northwind
        customer_id = a_customer(world, place)
        world.run(place.admin, set_customer_answer, customer_id, "mail_files", "pdf")
        with world.unit(place.system) as uow:
            settings = uow.one(select(WorkspaceSettings))
            settings.portal = {**settings.portal, "shows_pdf": False}

        page = world.run(place.admin, read_mail)

        assert (page.differing, page.shows_pdf) == (1, False)

    @pytest.mark.parametrize("answer", ["", "PDF", "zip", "pdf\n"])
    def test_only_what_is_offered_can_be_chosen(self, world: World, answer: str):
        with pytest.raises(InvalidInput) as refusal:
            world.run(world.northwind.admin, change_mail_files, 1, answer)

        assert refusal.value.field == "mail_files"

    def test_somebody_elses_change_is_not_lost(self, world: World):
        world.run(world.northwind.admin, change_mail_files, 1, "pdf")

        with pytest.raises(StaleDraft):
            world.run(world.northwind.admin, change_mail_files, 1, "link")


class TestTestMail:
    def test_waits_until_it_is_sent_or_has_failed(self, world: World):
        key = world.run(world.northwind.admin, request_test_mail, "me@a.example")
        asked = (world.northwind.admin, read_test_mail, key)

        assert world.run(*asked) == TriedMail("waiting")
        with world.unit(world.northwind.system) as uow:
            message = uow.one(select(OutboxMessage))
            assert message.details == {"email": "me@a.example"}
            message.last_error = "The server refused the password."
        assert world.run(*asked) == TriedMail(
            "failed", "The server refused the password."
        )
        with world.unit(world.northwind.system) as uow:
            uow.one(select(OutboxMessage)).done_at = uow.now
        assert world.run(*asked) == TriedMail("sent")

    def test_a_button_pressed_often_sends_one(self, world: World):
        keys = {
            world.run(world.northwind.admin, request_test_mail, "me@a.example")
            for _ in range(5)
        }

        assert len(keys) == 1
        with world.reading(world.northwind.owner) as uow:
            assert len(uow.all(select(OutboxMessage))) == 1

    def test_goes_to_an_address(self, world: World):
        with pytest.raises(InvalidInput):
            world.run(world.northwind.admin, request_test_mail, "me")


@pytest.mark.parametrize("role", [Role.ACCOUNTING, Role.OPERATIONS, Role.VIEWER])
def test_other_roles_change_and_send_nothing(world: World, role: Role):
    actor = world.northwind.member(role)

    with pytest.raises(NotPermitted):
        world.run(actor, change_mail, 1, FORM)
    with pytest.raises(NotPermitted):
        world.run(actor, change_mail_files, 1, "pdf")
    with pytest.raises(NotPermitted):
        world.run(actor, request_test_mail, "me@a.example")
