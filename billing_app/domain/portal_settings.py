"""What the portal shows and allows, as one value with safe defaults.

Each question is answered by the first level that says something: the invoice, the
customer, the workspace. The system has the last word, where an answer needs what
this installation lacks. `resolve` says which level won.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, get_type_hints

from billing_app.domain.errors import Conflict
from billing_app.domain.invoice import InvoiceStatus, LateRules
from billing_app.domain.speech import Speech, later_as
from billing_app.domain.status_words import STATUS_WORDS


class PaymentMode(StrEnum):
    """How customers may pay through the portal."""

    OFF = "off"
    INSTRUCTIONS = "instructions"
    ONLINE = "online"


class CardForm(StrEnum):
    """Where the card is typed in: on Stripe's page, or on the invoice's own."""

    CHECKOUT = "checkout"
    EMBEDDED = "embedded"


class LinkExpiry(StrEnum):
    """When a new portal link stops working by itself."""

    NEVER = "never"
    AFTER_DAYS = "after_days"
    AFTER_DUE = "after_due"
    AFTER_PAID = "after_paid"


class CommentMode(StrEnum):
    """What customers may do with the conversation of an invoice."""

    OFF = "off"
    READ = "read"
    WRITE = "write"


class WriteAuth(StrEnum):
    """The proof that writing asks for: comments, disputes, promises."""

    OFF = "off"
    LINK = "link"
    CODE = "code"
    SESSION = "session"
    CODE_TOTP = "code_totp"


class DisputeMode(StrEnum):
    """Whether customers see disputes, and may open them."""

    OFF = "off"
    VIEW = "view"
    OPEN = "open"


class VisibleOn(StrEnum):
    """Which step shows an invoice to its customer."""

    ISSUE = "issue"
    PUBLISH = "publish"
    SEND = "send"


class NotifyOn(StrEnum):
    """Which step mails the customer that an invoice is available."""

    PUBLISH = "publish"
    SEND = "send"


class MailFiles(StrEnum):
    """What a mail about a document brings along, beside its link."""

    LINK = "link"
    PDF = "pdf"
    PDF_AND_XML = "pdf_xml"


class ActivityDetail(StrEnum):
    """How much of what customers do in the portal is kept."""

    FULL = "full"
    FIRST_ONLY = "first_only"
    OFF = "off"


class CountsAsPaid(StrEnum):
    """When a bank debit on its way stops reminders and overdue."""

    CLEARED = "cleared"
    INITIATED = "initiated"


class DueWord(StrEnum):
    """What an open invoice that is not late is called on its badge."""

    DUE = "Due"
    PENDING = "Pending"
    OPEN = "Open"


# Stored is "Pending"; on a badge that reads as if the payment were being worked on.
DUE_WORDS = {
    DueWord.DUE: later_as("status", "Due"),
    DueWord.PENDING: later_as("status", "Awaiting payment"),
    DueWord.OPEN: later_as("status", "Open"),
}


class AuthorName(StrEnum):
    """How much of a customer's name a reader without proof sees on a comment."""

    FIRST = "first"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class PortalSettings:
    """What holds for one invoice, one customer or a whole workspace.

    Attributes:
        is_on: off shows "Portal not available" on every link; nothing is deleted.
        shows_invoices: off hides invoices while the portal itself stays on.
        shows_pdf: offers the PDF tab and the download.
        shows_reminders: customers see which reminders went out.
        allows_payment: switches all paying off, whatever `payment` says.
        allows_partial: lets a customer pay less than what is outstanding.
        minimum_minor: least partial payment in the workspace's currency, minor units.
        shares_drafts: staff may show a draft to its customer, by a link of its own.
        link_expiry_days: counted from creation, the due date or full payment.
        link_opens_account: an invoice link also opens the customer's account.
        allows_sign_in: customers may sign in with a code sent by mail.
        mail_files: never more than what the portal shows to the link in that mail.
        grace_days: whole days after the due date before an invoice is overdue.
        shows_badge: "Powered by Tallyport" in the footer.
        welcome: plain text above the invoice, may be empty.
        storage_notice: plain text about what the page keeps on the device; the
            portal needs none, since it keeps only what is strictly necessary.
    """

    is_on: bool = True
    shows_invoices: bool = True
    shows_pdf: bool = True
    shows_reminders: bool = True
    payment: PaymentMode = PaymentMode.ONLINE
    allows_payment: bool = True
    card_form: CardForm = CardForm.CHECKOUT
    allows_partial: bool = True
    minimum_minor: int = 0
    debit_counts: CountsAsPaid = CountsAsPaid.CLEARED
    comments: CommentMode = CommentMode.WRITE
    write_auth: WriteAuth = WriteAuth.CODE
    author_name: AuthorName = AuthorName.FIRST
    disputes: DisputeMode = DisputeMode.OPEN
    visible_on: VisibleOn = VisibleOn.PUBLISH
    shares_drafts: bool = False
    notify_on: NotifyOn = NotifyOn.PUBLISH
    mail_files: MailFiles = MailFiles.LINK
    link_expiry: LinkExpiry = LinkExpiry.NEVER
    link_expiry_days: int = 90
    link_opens_account: bool = False
    allows_sign_in: bool = True
    activity: ActivityDetail = ActivityDetail.FULL
    due_word: DueWord = DueWord.DUE
    grace_days: int = 0
    shows_badge: bool = False
    welcome: str = ""
    storage_notice: str = ""

    @property
    def late_rules(self) -> LateRules:
        return LateRules(self.grace_days, self.debit_counts == CountsAsPaid.INITIATED)

    @property
    def takes_money(self) -> bool:
        """Tell whether somebody who opens the portal may pay there at all."""
        is_open = self.is_on and self.shows_invoices
        return is_open and self.allows_payment and self.payment == PaymentMode.ONLINE

    def word_of(self, status: InvoiceStatus) -> str:
        """Return the word on the customer's badge for a status."""
        words = STATUS_WORDS[status]
        return DUE_WORDS[self.due_word] if words.is_chosen else words.customer

    def to_stored(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> PortalSettings:
        """Read what an older or newer version stored: unknown keys are ignored."""
        return replace(cls(), **read_overrides(stored))


def status_words(
    settings: PortalSettings, status: InvoiceStatus, speech: Speech
) -> str:
    """Say the word on the customer's badge in their language."""
    return speech.say_as("status", settings.word_of(status))


# The other words on a badge, for the catalogs: the same word can stand for something
# else.
_ON_BADGES = (
    later_as("status", "Disputed"),
    later_as("status", "Archived"),
)


# What a customer, and what a single invoice, may answer differently.
INVOICE_KEYS = frozenset(
    {
        "shows_pdf",
        "payment",
        "card_form",
        "allows_partial",
        "minimum_minor",
        "comments",
        "write_auth",
        "disputes",
        "mail_files",
        "link_expiry",
        "link_expiry_days",
    }
)
CUSTOMER_KEYS = INVOICE_KEYS | {
    "is_on",
    "shows_invoices",
    "shows_reminders",
    "link_opens_account",
    "allows_sign_in",
    "activity",
}

# What a wider level has switched off stays off.
_SHUT_FOR_ALL = ("is_on", "shows_invoices", "allows_sign_in")

_TYPES: dict[str, Any] = get_type_hints(PortalSettings)


def read_overrides(
    stored: Mapping[str, Any], keys: frozenset[str] | None = None
) -> dict[str, Any]:
    """Read the answers that a level gives itself; what no level knows is ignored."""
    wanted = _TYPES.keys() if keys is None else keys
    return {key: _TYPES[key](stored[key]) for key in wanted if key in stored}


class Level(StrEnum):
    """Who gave an answer."""

    SYSTEM = "system"
    WORKSPACE = "workspace"
    CUSTOMER = "customer"
    INVOICE = "invoice"


@dataclass(frozen=True, slots=True)
class SystemLimits:
    """What this installation and its connections can do at all.

    Attributes:
        can_charge: Stripe is connected to the workspace and may take money.
        is_connected: Stripe knows the workspace, whatever it may do.
    """

    can_charge: bool = True
    is_connected: bool = True


@dataclass(frozen=True, slots=True)
class ResolvedSettings:
    """The settings that hold, and which level each of them comes from.

    Attributes:
        overruled: the narrowest level whose own answer counts for nothing, since the
            workspace has switched off what it is about.
    """

    settings: PortalSettings
    levels: Mapping[str, Level]
    limits: SystemLimits = SystemLimits()
    overruled: Mapping[str, Level] = field(default_factory=dict[str, Level])


def resolve(
    workspace: Mapping[str, Any],
    customer: Mapping[str, Any],
    invoice: Mapping[str, Any],
    limits: SystemLimits | None = None,
) -> ResolvedSettings:
    """Answer each question by the narrowest level that does; all as stored.

    A wider level that switches the portal off is not overruled by a narrower one.
    """
    settings: PortalSettings = PortalSettings.from_stored(workspace)
    levels = dict.fromkeys(_TYPES, Level.WORKSPACE)
    overruled: dict[str, Level] = {}
    for level, stored, keys in (
        (Level.CUSTOMER, customer, CUSTOMER_KEYS),
        (Level.INVOICE, invoice, INVOICE_KEYS),
    ):
        answers = read_overrides(stored, keys)
        for key in answers.keys() & _shut_for_all(settings):
            # To agree with it is not to be overruled.
            if answers.pop(key):
                overruled[key] = level
        settings = replace(settings, **answers)
        levels.update(dict.fromkeys(answers, level))

    wants_charge = settings.payment == PaymentMode.ONLINE
    if not settings.allows_payment:
        if settings.payment != PaymentMode.OFF and (
            levels["payment"] != Level.WORKSPACE
        ):
            overruled["payment"] = levels["payment"]
        settings = replace(settings, payment=PaymentMode.OFF)
        levels["payment"] = Level.WORKSPACE
    elif wants_charge and limits is not None and not limits.can_charge:
        settings = replace(settings, payment=PaymentMode.INSTRUCTIONS)
        levels["payment"] = Level.SYSTEM
    return ResolvedSettings(settings, levels, limits or SystemLimits(), overruled)


def may_sign_in(workspace: Mapping[str, Any], customer: Mapping[str, Any]) -> bool:
    """Tell whether a customer's people may sign in to the account; both as stored."""
    return resolve(workspace, customer, {}).settings.allows_sign_in


def _shut_for_all(settings: PortalSettings) -> set[str]:
    return {key for key in _SHUT_FOR_ALL if not getattr(settings, key)}


@dataclass(frozen=True, slots=True)
class PortalSetup:
    """What the business has chosen for its portal.

    Attributes:
        settings: as they hold for the invoice or the account that was opened.
        home_currency: the one the least partial payment is written in.
        is_connected: Stripe knows the business; `can_charge` says it may take money.
        has_publishable_key: browsers can be given what Stripe's card form needs.
        slug: names the business in the address where its customers sign in.
        language: BCP 47 tag of the customer's, else of the business's.
        is_pay_refused: paying online is on, but not for the contact who looks.
    """

    settings: PortalSettings
    zone: str
    home_currency: str
    is_connected: bool
    can_charge: bool
    slug: str = ""
    has_publishable_key: bool = False
    language: str = "en"
    is_pay_refused: bool = False

    @property
    def takes_card(self) -> bool:
        """Tell whether the card is typed in on our own page."""
        is_wanted = self.settings.card_form == CardForm.EMBEDDED
        return is_wanted and self.has_publishable_key


def check_may_publish(settings: PortalSettings) -> None:
    """Refuse to publish where customers see an invoice only once it is sent."""
    if settings.visible_on == VisibleOn.SEND:
        raise Conflict(
            "Invoices are shown to customers when they are marked as sent, as "
            "Settings, Portal says. Issue it, then mark it as sent."
        )


def say_nobody_writes(settings: PortalSettings) -> str:
    """Say that writing asks for what nobody can prove here; empty where it does not."""
    is_asked = settings.write_auth == WriteAuth.SESSION
    is_open = (
        settings.comments == CommentMode.WRITE or settings.disputes == DisputeMode.OPEN
    )
    if settings.allows_sign_in or not (is_asked and is_open):
        return ""
    return (
        "Nobody can write now: it asks for a signed-in customer, and signing in is "
        "switched off. Let customers sign in, or ask for a mailed code instead."
    )


def link_expires_at(
    settings: PortalSettings,
    created_at: datetime,
    due_on: date | None,
    *,
    is_paid: bool = False,
) -> datetime | None:
    """Return the instant a new link stops working, or None for never or not yet.

    A link that expires after the due date lives through the whole last day in
    every zone, hence the extra day. One that expires after payment gets its date
    when the invoice is paid; one made later counts from when it is made.
    """
    days = timedelta(days=settings.link_expiry_days)
    if settings.link_expiry == LinkExpiry.AFTER_PAID and is_paid:
        return created_at + days
    if settings.link_expiry == LinkExpiry.AFTER_DAYS:
        return created_at + days
    if settings.link_expiry == LinkExpiry.AFTER_DUE and due_on is not None:
        last_day = datetime.combine(due_on, datetime.min.time(), created_at.tzinfo)
        return last_day + days + timedelta(days=1)
    return None
