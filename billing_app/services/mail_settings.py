"""Say where a workspace's mail is handed over, and try it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from billing_app.database.access import job, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.contact import check_email
from billing_app.domain.errors import InvalidInput
from billing_app.domain.events import Topic
from billing_app.domain.mail_files import CHOSEN, ChosenFiles
from billing_app.domain.mail_settings import (
    KEPT,
    PORT_OF,
    MailSecurity,
    MailSettings,
    parse_host,
    parse_port,
)
from billing_app.domain.portal_settings import PortalSettings
from billing_app.domain.portal_words import MAIL_FILES
from billing_app.models import OutboxMessage, WorkspaceSettings
from billing_app.services.portal_settings import read_answer
from billing_app.services.settings import (
    save,
    take_settings,
    typed_email,
    typed_line,
)

# Pressing the button often sends one mail in this time.
TEST_MAIL_PAUSE = timedelta(seconds=30)
PASSWORD_LENGTH_MAX = 500
_ENCRYPTED = (MailSecurity.STARTTLS, MailSecurity.TLS)


@dataclass(frozen=True, slots=True)
class MailForm:
    """The workspace's own mail server.

    Attributes:
        password: empty keeps the one stored for the same server and user, unless
            it would go in the clear from now on.
    """

    host: str = ""
    port: str = ""
    user: str = ""
    password: str = ""
    security: str = ""
    sender: str = ""
    reply_to: str = ""
    sends_copies: bool = False


@staff(Permission.EDIT_SETTINGS)
def change_mail(uow: UnitOfWork, version: int, form: MailForm) -> int:
    """Change the mail server; returns and raises as `change_business`."""
    mail = _mail(form)
    settings = take_settings(uow, version)
    old = MailSettings.from_stored(settings.mail)
    before, after = old.to_stored(), mail.to_stored()
    changed = tuple(name for name in after if before[name] != after[name])
    return save(
        uow,
        settings,
        "mail",
        *changed,
        mail=after,
        mail_password_encrypted=_password(uow, settings, old, mail, form.password),
    )


@staff(Permission.EDIT_SETTINGS)
def request_test_mail(uow: UnitOfWork, to: str) -> str:
    """Promise a test mail.

    Returns:
        The key of the message, to ask how it went.
    """
    email = check_email(to, "to")
    pause = int(TEST_MAIL_PAUSE.total_seconds())
    key = f"test:{email[:80]}:{int(uow.now.timestamp()) // pause}"
    uow.promise(Topic.MAIL_TEST, key, email=email)
    return key


@staff(Permission.EDIT_SETTINGS)
def change_mail_files(uow: UnitOfWork, version: int, answer: str) -> int:
    """Choose what mails bring along; returns and raises as `change_business`."""
    settings = take_settings(uow, version)
    key = MAIL_FILES.key
    before = PortalSettings.from_stored(settings.portal)
    chosen = read_answer(key, answer, uow.workspace.currency)
    changed = () if chosen == before.mail_files else (key,)
    after = replace(before, mail_files=chosen).to_stored()
    return save(uow, settings, "mail", *changed, portal=after)


@job
def note_files(uow: UnitOfWork, message_id: int, chosen: ChosenFiles) -> None:
    """Note what a mail brings along: the next try brings the same."""
    message = uow.get(OutboxMessage, message_id)
    message.details = {**message.details, CHOSEN: chosen.to_stored()}


@job
def note_kept(uow: UnitOfWork, message_id: int) -> None:
    """Note that a mail is only a file in the mailbox: it had no server to go to."""
    message = uow.get(OutboxMessage, message_id)
    message.details = {**message.details, KEPT: True}


def _password(
    uow: UnitOfWork,
    settings: WorkspaceSettings,
    old: MailSettings,
    new: MailSettings,
    typed: str,
) -> str:
    """Return the encrypted password.

    A stored one never goes to another server, nor anywhere in the clear: whoever may
    change the settings need not know it.
    """
    if not new.user:
        return ""
    if typed:
        return uow.cipher.encrypt(typed[:PASSWORD_LENGTH_MAX])
    is_same = (old.host, old.user) == (new.host, new.user)
    # Behind another port of the same machine may be somebody else.
    is_same = is_same and new.port in (old.port, *PORT_OF.values())
    if is_same and new.security in (old.security, *_ENCRYPTED):
        return settings.mail_password_encrypted
    raise InvalidInput("Type the password for this server and user.", field="password")


def _mail(form: MailForm) -> MailSettings:
    if form.security not in set(MailSecurity):
        raise InvalidInput("Choose how the way is kept private.", field="security")
    security = MailSecurity(form.security)
    mail = MailSettings(
        host=parse_host(form.host),
        port=parse_port(form.port, security),
        user=typed_line(form.user, "user", 200),
        security=security,
        sender=typed_email(form.sender, "sender"),
        reply_to=typed_email(form.reply_to, "reply_to"),
        sends_copies=form.sends_copies,
    )
    if mail.has_server and not mail.sender:
        raise InvalidInput(
            "Write the address that this server sends for.", field="sender"
        )
    return mail
