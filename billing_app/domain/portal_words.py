"""What each portal setting is called, what it does, and how its answers read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, get_type_hints

from billing_app.domain.formats import format_money
from billing_app.domain.portal_settings import (
    DUE_WORDS,
    ActivityDetail,
    AuthorName,
    CardForm,
    CommentMode,
    CountsAsPaid,
    DisputeMode,
    DueWord,
    Level,
    LinkExpiry,
    MailFiles,
    NotifyOn,
    PaymentMode,
    PortalSettings,
    ResolvedSettings,
    VisibleOn,
    WriteAuth,
)


class Kind(StrEnum):
    """How a setting is answered."""

    SWITCH = "switch"
    CHOICE = "choice"
    DAYS = "days"
    MONEY = "money"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Question:
    """One setting as people read it.

    Attributes:
        help: one sentence on what it does.
        choices: each answer that can be chosen, and how it reads.
        needs: it matters only where another setting has one of these answers.
    """

    key: str
    label: str
    help: str
    kind: Kind
    choices: tuple[tuple[str, str], ...] = ()
    needs: tuple[str, tuple[str, ...]] | None = None

    def matters(self, settings: PortalSettings) -> bool:
        """Say whether the answer decides anything, as the others are answered."""
        if self.needs is None:
            return True
        key, answers = self.needs
        now = getattr(settings, key)
        return ("on" if now is True else str(now)) in answers


def _switch(
    key: str, label: str, help: str, needs: tuple[str, tuple[str, ...]] | None = None
) -> Question:
    return Question(key, label, help, Kind.SWITCH, needs=needs)


def _choice(
    key: str,
    label: str,
    help: str,
    words: Mapping[Any, str],
    needs: tuple[str, tuple[str, ...]] | None = None,
) -> Question:
    choices = tuple((str(answer), said) for answer, said in words.items())
    return Question(key, label, help, Kind.CHOICE, choices, needs)


_COUNTED = (LinkExpiry.AFTER_DAYS, LinkExpiry.AFTER_DUE, LinkExpiry.AFTER_PAID)
_TALKING = ("comments", (CommentMode.READ.value, CommentMode.WRITE.value))
_PAYING = ("allows_payment", ("on",))
_ONLINE = ("payment", (PaymentMode.ONLINE.value,))

# The page of the settings in its order: heading, then questions.
SECTIONS: tuple[tuple[str, tuple[Question, ...]], ...] = (
    (
        "Access",
        (
            _switch(
                "is_on",
                "Portal",
                "Off shows “Portal not available” on every link; nothing is deleted.",
            ),
            _switch(
                "shows_invoices",
                "Invoices",
                "Off hides every invoice while the portal itself stays on.",
            ),
            _switch(
                "allows_sign_in",
                "Sign in by email",
                "Customers may sign in to their account with a code sent by mail.",
            ),
            _choice(
                "visible_on",
                "Customers see an invoice",
                "The step that shows it in the portal.",
                {
                    VisibleOn.ISSUE: "As soon as it is issued",
                    VisibleOn.PUBLISH: "When it is published",
                    VisibleOn.SEND: "When it is marked as sent",
                },
            ),
            _switch(
                "shares_drafts",
                "Sharing drafts",
                "Staff may show a draft to its customer before it is issued. It is "
                "marked as a draft, and nothing can be paid.",
            ),
            _choice(
                "notify_on",
                "Customers get the mail",
                "One mail for each invoice, whatever is pressed afterwards.",
                {
                    NotifyOn.PUBLISH: "When they can see it",
                    NotifyOn.SEND: "When it is marked as sent",
                },
            ),
        ),
    ),
    (
        "What they see",
        (
            _switch(
                "shows_pdf",
                "PDF",
                "Offers the PDF view and the download of invoices, receipts and credit "
                "notes. The statement of an account stays.",
            ),
            _switch(
                "shows_reminders",
                "Reminders",
                "Customers see which reminders have gone out; never those to come.",
            ),
            _choice(
                "due_word",
                "Word for an open invoice",
                "On the customer's badge until the invoice is late or paid. Staff "
                "always read Due.",
                {word: DUE_WORDS[word] for word in DueWord},
            ),
            Question(
                "grace_days",
                "Days of grace",
                "Whole days after the due date before an invoice is called overdue.",
                Kind.DAYS,
            ),
            Question(
                "welcome",
                "Welcome",
                "Stands above each invoice; plain text.",
                Kind.TEXT,
            ),
            _switch(
                "shows_badge",
                "Badge",
                "“Powered by Tallyport” at the foot of the portal.",
            ),
        ),
    ),
    (
        "Paying",
        (
            _switch(
                "allows_payment",
                "Paying in the portal",
                "Off for everybody, also where a customer or invoice has it on.",
            ),
            _choice(
                "payment",
                "How customers pay",
                "Online falls back to the instructions while Stripe is not connected.",
                {
                    PaymentMode.ONLINE: "Online and instructions",
                    PaymentMode.INSTRUCTIONS: "Instructions only",
                    PaymentMode.OFF: "Not here: they only look",
                },
                _PAYING,
            ),
            _choice(
                "card_form",
                "Card details",
                "Where customers type in their card; amounts are checked here.",
                {
                    CardForm.CHECKOUT: "On Stripe's page",
                    CardForm.EMBEDDED: "On the invoice's page",
                },
                _ONLINE,
            ),
            _switch(
                "allows_partial",
                "Part payment",
                "Customers may pay less than what is outstanding.",
                _ONLINE,
            ),
            Question(
                "minimum_minor",
                "Least part payment",
                "In the workspace's currency, for invoices in it; empty for none.",
                Kind.MONEY,
                needs=("allows_partial", ("on",)),
            ),
            _choice(
                "debit_counts",
                "A bank debit on its way",
                "Whether it keeps an invoice from being late before it has cleared.",
                {
                    CountsAsPaid.CLEARED: "Counts when it has cleared",
                    CountsAsPaid.INITIATED: "Counts as soon as it is started",
                },
                _ONLINE,
            ),
        ),
    ),
    (
        "Talking",
        (
            _choice(
                "comments",
                "Comments",
                "What customers may do with the conversation of an invoice.",
                {
                    CommentMode.WRITE: "Read and write",
                    CommentMode.READ: "Read only",
                    CommentMode.OFF: "Off",
                },
            ),
            _choice(
                "write_auth",
                "Proof before writing",
                "Asked before a comment or a dispute; reading needs none.",
                {
                    WriteAuth.LINK: "The link is enough",
                    WriteAuth.CODE: "A code sent by mail",
                    WriteAuth.SESSION: "Signed in to the account",
                    WriteAuth.CODE_TOTP: "A code by mail and an authenticator app",
                    WriteAuth.OFF: "Nobody writes",
                },
            ),
            _choice(
                "author_name",
                "Names on comments",
                "What somebody with only the link reads; the full name needs proof.",
                {AuthorName.FIRST: "First name", AuthorName.FULL: "Full name"},
                _TALKING,
            ),
        ),
    ),
    (
        "Disputes",
        (
            _choice(
                "disputes",
                "Disputes",
                "Whether customers see disputes, and may open them.",
                {
                    DisputeMode.OPEN: "See and open",
                    DisputeMode.VIEW: "See only",
                    DisputeMode.OFF: "Off",
                },
            ),
        ),
    ),
    (
        "Links",
        (
            _choice(
                "link_expiry",
                "Links expire",
                "For new links; expired and unknown links look the same.",
                {
                    LinkExpiry.NEVER: "Never",
                    LinkExpiry.AFTER_DAYS: "Days after they are made",
                    LinkExpiry.AFTER_DUE: "Days after the due date",
                    LinkExpiry.AFTER_PAID: "Days after full payment",
                },
            ),
            Question(
                "link_expiry_days",
                "Days",
                "Counted from then on.",
                Kind.DAYS,
                needs=("link_expiry", tuple(x.value for x in _COUNTED)),
            ),
            _switch(
                "link_opens_account",
                "Invoice links open the account",
                "Whoever holds one invoice's link also sees the customer's others.",
            ),
        ),
    ),
    (
        "Privacy",
        (
            _choice(
                "activity",
                "Activity",
                "How much of what customers do in the portal is kept.",
                {
                    ActivityDetail.FULL: "Every visit and step",
                    ActivityDetail.FIRST_ONLY: "The first look only",
                    ActivityDetail.OFF: "Nothing",
                },
            ),
            Question(
                "storage_notice",
                "Notice about storage",
                "Stands at the foot of the portal; none is needed for what it keeps.",
                Kind.TEXT,
            ),
        ),
    ),
)

PAGE_QUESTIONS: dict[str, Question] = {
    question.key: question for _, questions in SECTIONS for question in questions
}

# A customer or an invoice answers it beside the others; for all it is asked on the
# page of the mail settings.
MAIL_FILES = _choice(
    "mail_files",
    "Files in mails",
    "What the mail about an invoice, a credit note or a receipt brings along.",
    {
        MailFiles.LINK: "The link alone",
        MailFiles.PDF: "The link and the PDF",
        MailFiles.PDF_AND_XML: "The link, the PDF and the XML",
    },
)

QUESTIONS: dict[str, Question] = {**PAGE_QUESTIONS, MAIL_FILES.key: MAIL_FILES}


def say(key: str, answer: Any, currency: str) -> str:
    """Return an answer as people read it; `currency` is what money is written in."""
    question = QUESTIONS[key]
    if question.kind == Kind.SWITCH:
        return "On" if answer else "Off"
    if question.kind == Kind.CHOICE:
        return dict(question.choices)[str(answer)]
    if question.kind == Kind.DAYS:
        return f"{answer} day" if answer == 1 else f"{answer} days"
    if question.kind == Kind.MONEY:
        return format_money(answer, currency, "en") if answer else "None"
    return str(answer) or "None"


def say_why(key: str, resolved: ResolvedSettings) -> str:
    """Say in a few words which level has decided, and why that one."""
    level = resolved.levels[key]
    if level == Level.SYSTEM:
        limits = resolved.limits
        why = "may not charge yet" if limits.is_connected else "is not connected"
        return f"Online is not possible: Stripe {why}"
    overruled = resolved.overruled.get(key)
    if overruled is not None:
        return f"Off for the whole workspace, whatever is set for this {overruled}"
    if level == Level.WORKSPACE:
        return "From the workspace"
    return f"Set for this {level}"


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting that would change: what it is now, and what it would be."""

    key: str
    label: str
    now: str
    then: str


def list_differences(
    now: PortalSettings, then: PortalSettings, currency: str
) -> tuple[Difference, ...]:
    """List what differs, in the order of the settings' page."""
    return tuple(
        Difference(
            key,
            question.label,
            say(key, getattr(now, key), currency),
            say(key, getattr(then, key), currency),
        )
        for key, question in QUESTIONS.items()
        if getattr(now, key) != getattr(then, key)
    )


TYPES: dict[str, Any] = get_type_hints(PortalSettings)
