"""Ready-made answers to all portal settings, one set for each way of working."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from billing_app.domain.errors import InvalidInput
from billing_app.domain.portal_settings import (
    CardForm,
    CommentMode,
    DisputeMode,
    DueWord,
    NotifyOn,
    PaymentMode,
    PortalSettings,
    VisibleOn,
    WriteAuth,
)

# What a business has written itself, and amounts of its own, stay through a change.
# So does what it has set for its mail.
KEPT = (
    "is_on",
    "shows_invoices",
    "welcome",
    "storage_notice",
    "minimum_minor",
    "mail_files",
)


@dataclass(frozen=True, slots=True)
class Profile:
    """One way of working with customers.

    Attributes:
        for_whom: one sentence that helps to choose.
        answers: where it differs from the defaults.
    """

    key: str
    name: str
    for_whom: str
    answers: dict[str, Any]

    def applied_to(self, settings: PortalSettings) -> PortalSettings:
        """Return the profile's settings with the words and switches that stay."""
        kept = {key: getattr(settings, key) for key in KEPT}
        return replace(PortalSettings(), **self.answers, **kept)


PROFILES: tuple[Profile, ...] = (
    Profile(
        "closed_billing",
        "Closed billing",
        "Customers read their invoices and pay as agreed; nothing happens online.",
        {
            "payment": PaymentMode.OFF,
            "comments": CommentMode.OFF,
            "write_auth": WriteAuth.OFF,
            "disputes": DisputeMode.OFF,
            "shows_reminders": False,
            "notify_on": NotifyOn.PUBLISH,
            "due_word": DueWord.PENDING,
        },
    ),
    Profile(
        "interactive_portal",
        "Interactive portal",
        "Customers ask, answer and pay on the page of each invoice.",
        {
            "card_form": CardForm.EMBEDDED,
            "write_auth": WriteAuth.CODE,
            "disputes": DisputeMode.OFF,
            "due_word": DueWord.OPEN,
        },
    ),
    Profile(
        "client_account",
        "Client account",
        "Business customers sign in, see all of their invoices and dispute lines.",
        {
            "payment": PaymentMode.INSTRUCTIONS,
            "write_auth": WriteAuth.SESSION,
            "disputes": DisputeMode.OPEN,
            "visible_on": VisibleOn.SEND,
            "notify_on": NotifyOn.SEND,
            "due_word": DueWord.OPEN,
        },
    ),
    Profile(
        "collections_portal",
        "Collections portal",
        "One link opens everything a customer owes, with a way to pay each.",
        {
            "link_opens_account": True,
            "write_auth": WriteAuth.CODE,
            "disputes": DisputeMode.VIEW,
            "due_word": DueWord.OPEN,
        },
    ),
    Profile(
        "simple_link",
        "Simple link",
        "One private link for each invoice: look, download, pay. No sign-in.",
        {
            "comments": CommentMode.OFF,
            "disputes": DisputeMode.OFF,
            "allows_sign_in": False,
            "shows_reminders": False,
            "shows_badge": True,
        },
    ),
)


def get_profile(key: str) -> Profile:
    """Return a profile by its key.

    Raises:
        InvalidInput: there is none of that key.
    """
    found = next((profile for profile in PROFILES if profile.key == key), None)
    if found is None:
        keys = ", ".join(profile.key for profile in PROFILES)
        raise InvalidInput(f"Choose one of the profiles: {keys}.", field="profile")
    return found
