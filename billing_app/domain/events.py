"""What happened: frozen facts. Recording one writes the audit entry and the mail.

`EFFECTS` says which outbox topics follow from an event, in the same commit. An
event without an entry there has no effect beyond the audit trail.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Topic(StrEnum):
    """Work promised by a commit and done afterwards, at least once."""

    RENDER_INVOICE = "pdf.render_invoice"
    RENDER_RECEIPT = "pdf.render_receipt"
    RENDER_CREDIT_NOTE = "pdf.render_credit_note"
    MAIL_INVOICE = "mail.invoice_available"
    MAIL_LINK = "mail.share_link"
    MAIL_RECEIPT = "mail.receipt"
    MAIL_REFUND = "mail.refund"
    MAIL_CREDIT_NOTE = "mail.credit_note"
    MAIL_COMMENT = "mail.comment"
    MAIL_DISPUTE_OPENED = "mail.dispute_opened"
    MAIL_DISPUTE_RESOLVED = "mail.dispute_resolved"
    MAIL_TEST = "mail.test"
    MAIL_CODE = "mail.one_time_code"
    MAIL_REMINDER = "mail.reminder"
    EXPIRE_CHECKOUT = "stripe.expire_checkout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base of all events.

    Attributes:
        invoice_id: the invoice it belongs to, or None.
        customer_id: the customer it belongs to, or None.
    """

    TEXT: ClassVar[str] = ""
    # Whether pages that show the invoice itself have anything new to read.
    TURNS_INVOICE: ClassVar[bool] = True
    # Whether pages that show what is said about it have.
    TURNS_THREAD: ClassVar[bool] = False

    invoice_id: int | None = None
    customer_id: int | None = None

    @classmethod
    def name(cls) -> str:
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerCreated(Event):
    TEXT: ClassVar[str] = "Customer created"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerChanged(Event):
    TEXT: ClassVar[str] = "Customer changed"
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerArchived(Event):
    TEXT: ClassVar[str] = "Customer archived"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRestored(Event):
    TEXT: ClassVar[str] = "Customer taken out of the archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerDeleted(Event):
    TEXT: ClassVar[str] = "Customer deleted, who was never billed"
    customer_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerMerged(Event):
    """Said of the customer who is kept.

    Attributes:
        merged_id: who was recorded twice, and is archived.
        drafts, events, contacts: how many moved or were copied.
        fields: what was empty and is not any more.
    """

    TEXT: ClassVar[str] = "Another record of this customer merged into this one"
    merged_id: int
    drafts: int
    events: int
    contacts: int
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerMergedAway(Event):
    TEXT: ClassVar[str] = "Merged into another record of this customer"
    merged_into_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DataImported(Event):
    TEXT: ClassVar[str] = "File imported"
    kind: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BillableEventsRecorded(Event):
    TEXT: ClassVar[str] = "Events recorded"
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BillableEventChanged(Event):
    TEXT: ClassVar[str] = "Event corrected"
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BillableEventRemoved(Event):
    TEXT: ClassVar[str] = "Event removed"
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftCreated(Event):
    TEXT: ClassVar[str] = "Draft created"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftSaved(Event):
    TEXT: ClassVar[str] = "Draft saved"
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftDeleted(Event):
    TEXT: ClassVar[str] = "Draft deleted"
    draft_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRestored(Event):
    TEXT: ClassVar[str] = "Draft restored"
    draft_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftShared(Event):
    TEXT: ClassVar[str] = "Draft shared with the customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftUnshared(Event):
    TEXT: ClassVar[str] = "Draft not shared any more"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceDuplicated(Event):
    TEXT: ClassVar[str] = "Duplicated from another invoice"
    source_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceIssued(Event):
    TEXT: ClassVar[str] = "Issued"
    number: str
    total_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePublished(Event):
    TEXT: ClassVar[str] = "Published to the portal"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceSent(Event):
    """Somebody says that it was, whichever way."""

    TEXT: ClassVar[str] = "Marked as sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceMailed(Event):
    """The first mail with its link has left: it is sent."""

    TEXT: ClassVar[str] = "Mailed to the customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPrinted(Event):
    """The file of an issued document was made, which is the one from then on.

    Attributes:
        content_digest: SHA-256 of what was printed, as it is stored.
        pdf_digest: SHA-256 of the bytes of the file.
        payment_id: whose receipt it is, if it is one.
        credit_note_id: the credit note that it is, if it is one.
    """

    TEXT: ClassVar[str] = "PDF made"
    number: str
    content_digest: str
    pdf_digest: str
    payment_id: int | None = None
    credit_note_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceVoided(Event):
    TEXT: ClassVar[str] = "Voided"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceCancelled(Event):
    """A draft that will not become an invoice."""

    TEXT: ClassVar[str] = "Draft cancelled"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceWrittenOff(Event):
    """What was outstanding of an invoice was given up."""

    TEXT: ClassVar[str] = "Written off"
    amount_minor: int
    currency: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOffUndone(Event):
    """What was given up of an invoice is asked for again."""

    TEXT: ClassVar[str] = "Write-off undone"
    amount_minor: int
    currency: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditNoteIssued(Event):
    """Some or all of an invoice was credited; `credit_minor` of it had been paid."""

    TEXT: ClassVar[str] = "Credit note issued"
    credit_note_id: int
    number: str
    total_minor: int
    credit_minor: int
    currency: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceReissued(Event):
    """A draft was made that takes the place of this invoice."""

    TEXT: ClassVar[str] = "To be replaced by a new invoice"
    draft_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceArchived(Event):
    TEXT: ClassVar[str] = "Archived"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceUnarchived(Event):
    TEXT: ClassVar[str] = "Taken out of the archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceViewed(Event):
    TEXT: ClassVar[str] = "Customer viewed the invoice"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCreated(Event):
    TEXT: ClassVar[str] = "Portal link created"
    link_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRevoked(Event):
    TEXT: ClassVar[str] = "Portal link revoked"
    link_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkShared(Event):
    TEXT: ClassVar[str] = "Portal link shared"
    link_id: int
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalPreviewed(Event):
    TEXT: ClassVar[str] = "Portal previewed as the customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRequeued(Event):
    TEXT: ClassVar[str] = "Mail queued again"
    message_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRetried(Event):
    TEXT: ClassVar[str] = "Webhook of Stripe tried again"
    event_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRecorded(Event):
    TEXT: ClassVar[str] = "Payment recorded"
    payment_id: int
    amount_minor: int
    currency: str
    credit_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSettled(Event):
    TEXT: ClassVar[str] = "Paid online"
    payment_id: int
    amount_minor: int
    currency: str
    credit_minor: int = 0
    invoice_count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentShared(Event):
    """For the other invoices of one payment: its own story is the first one's."""

    TEXT: ClassVar[str] = "Paid online together with other invoices"
    payment_id: int
    amount_minor: int
    currency: str
    invoice_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReversed(Event):
    TEXT: ClassVar[str] = "Payment reversed"
    payment_id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentHeld(Event):
    TEXT: ClassVar[str] = "Payment held for review"
    payment_id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReleased(Event):
    TEXT: ClassVar[str] = "Held payment accepted as credit"
    payment_id: int
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequested(Event):
    """Somebody asked Stripe for it; that it was made is told apart."""

    TEXT: ClassVar[str] = "Refund asked for"
    payment_id: int
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRefunded(Event):
    TEXT: ClassVar[str] = "Payment refunded"
    payment_id: int
    refund_id: int
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFailed(Event):
    """Money that had been refunded came back."""

    TEXT: ClassVar[str] = "Refund failed, the money came back"
    payment_id: int
    amount_minor: int
    currency: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentDisputed(Event):
    TEXT: ClassVar[str] = "Customer disputes the payment"
    payment_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditAllocated(Event):
    TEXT: ClassVar[str] = "Paid from the customer's credit"
    payment_id: int
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseMade(Event):
    """A date by which the customer says they will pay, as ISO 8601."""

    TEXT: ClassVar[str] = "Payment promised"
    promise_id: int
    promised_on: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderQueued(Event):
    TEXT: ClassVar[str] = "Reminder queued"
    reminder_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderSent(Event):
    TEXT: ClassVar[str] = "Reminder sent"
    reminder_id: int
    channel: str = "mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class LateFeeCharged(Event):
    """Of the invoice that is late: `fee_id` and `number` are the fee's.

    Attributes:
        amount_minor: of the fee's line, before tax where prices are.
    """

    TEXT: ClassVar[str] = "Late fee charged"
    fee_id: int
    number: str
    step: int
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptStarted(Event):
    TEXT: ClassVar[str] = "Online payment started"
    attempt_id: int
    amount_minor: int
    invoice_count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptProcessing(Event):
    TEXT: ClassVar[str] = "Bank debit started, not cleared yet"
    attempt_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFailed(Event):
    TEXT: ClassVar[str] = "Online payment failed"
    attempt_id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptDeclined(Event):
    """A card was refused; the attempt goes on, since another card may pay it."""

    TEXT: ClassVar[str] = "Card declined"
    attempt_id: int
    amount_minor: int
    currency: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptExpired(Event):
    TEXT: ClassVar[str] = "Online payment expired"
    attempt_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptShared(Event):
    """For the other invoices of one payment: its own story is the first one's."""

    TEXT: ClassVar[str] = "Online payment together with other invoices"
    attempt_id: int
    amount_minor: int
    currency: str
    invoice_count: int
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentPosted(Event):
    TEXT: ClassVar[str] = "Comment posted"
    TURNS_INVOICE: ClassVar[bool] = False
    TURNS_THREAD: ClassVar[bool] = True
    comment_id: int
    dispute_id: int = 0
    side: str
    is_verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentRemoved(Event):
    TEXT: ClassVar[str] = "Comment removed"
    TURNS_INVOICE: ClassVar[bool] = False
    TURNS_THREAD: ClassVar[bool] = True
    comment_id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffNoteWritten(Event):
    TEXT: ClassVar[str] = "Staff note written"
    TURNS_INVOICE: ClassVar[bool] = False
    note_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeOpened(Event):
    TEXT: ClassVar[str] = "Dispute opened"
    TURNS_THREAD: ClassVar[bool] = True
    dispute_id: int
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeResolved(Event):
    TEXT: ClassVar[str] = "Dispute resolved"
    TURNS_THREAD: ClassVar[bool] = True
    dispute_id: int
    outcome: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeWithdrawn(Event):
    TEXT: ClassVar[str] = "Dispute withdrawn"
    TURNS_THREAD: ClassVar[bool] = True
    dispute_id: int
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsChanged(Event):
    TEXT: ClassVar[str] = "Settings changed"
    section: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileApplied(Event):
    TEXT: ClassVar[str] = "Portal profile applied"
    profile: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalAnswerSet(Event):
    """A customer's or an invoice's own answer, in place of the workspace's."""

    TEXT: ClassVar[str] = "Portal setting changed"
    key: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalAnswerCleared(Event):
    TEXT: ClassVar[str] = "Portal setting follows the workspace again"
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactAdded(Event):
    TEXT: ClassVar[str] = "Contact added"
    contact_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactChanged(Event):
    TEXT: ClassVar[str] = "Contact changed"
    contact_id: int
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MailChosen(Event):
    """Somebody at a customer wants a kind of mail, or does not any more."""

    TEXT: ClassVar[str] = "Mail preference changed"
    email: str
    kind: str
    is_wanted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRemoved(Event):
    TEXT: ClassVar[str] = "Contact removed"
    contact_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceMailedAgain(Event):
    TEXT: ClassVar[str] = "Mailed to the customer again"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceCreated(Event):
    TEXT: ClassVar[str] = "Workspace created"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceExported(Event):
    TEXT: ClassVar[str] = "All data exported"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceReadIn(Event):
    """An export became this workspace; entries before are those of its trail.

    Attributes:
        last_seal: of the trail as it was exported: a new chain begins here.
    """

    TEXT: ClassVar[str] = "Export of a workspace read in"
    exported_at: str
    invoice_count: int
    entry_count: int
    last_seal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAdded(Event):
    TEXT: ClassVar[str] = "Member added"
    member_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRoleChanged(Event):
    TEXT: ClassVar[str] = "Role changed"
    member_id: int
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRemoved(Event):
    TEXT: ClassVar[str] = "Member removed"
    member_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSecurityChanged(Event):
    """A member changed how they sign in: what, never to what."""

    TEXT: ClassVar[str] = "Sign-in changed"
    member_id: int
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSignedIn(Event):
    TEXT: ClassVar[str] = "Signed in"
    member_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSignedOut(Event):
    TEXT: ClassVar[str] = "Signed out"
    member_id: int
    everywhere: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSent(Event):
    TEXT: ClassVar[str] = "Verification code sent"
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerSignedIn(Event):
    TEXT: ClassVar[str] = "Customer confirmed their email address"
    session_id: int
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerChangedAccount(Event):
    """Somebody signed in went on to another customer of the address they proved."""

    TEXT: ClassVar[str] = "Customer went on to this account"
    session_id: int
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerSignedOut(Event):
    TEXT: ClassVar[str] = "Customer signed out"
    session_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactTotpChanged(Event):
    """A contact set up or lost an authenticator app: what, never the secret."""

    TEXT: ClassVar[str] = "Customer's authenticator app"
    email: str
    change: str


EFFECTS: dict[type[Event], tuple[Topic, ...]] = {
    InvoiceIssued: (Topic.RENDER_INVOICE,),
    CreditNoteIssued: (Topic.RENDER_CREDIT_NOTE, Topic.MAIL_CREDIT_NOTE),
    PaymentRecorded: (Topic.RENDER_RECEIPT,),
    PaymentSettled: (Topic.RENDER_RECEIPT, Topic.MAIL_RECEIPT),
    PaymentRefunded: (Topic.MAIL_REFUND,),
}
