"""Refusals of the outside world, each with a sentence a person may read.

BillingError
├── GatewayUnavailable   no answer, or not now: trying again is right
├── GatewayRefused       an answer, and it is no: trying again changes nothing
├── WebhookRefused       the sender did not prove who they are
└── FileMissing, FileDamaged
"""

from __future__ import annotations

from billing_app.domain.errors import BillingError, NotFound


class GatewayUnavailable(BillingError):
    """The other side did not answer, or asked us to come back later.

    Attributes:
        is_outcome_unknown: the request may have been carried out all the same.
            Repeat it with the same idempotency key, or read before acting.
    """

    code = "gateway_unavailable"

    def __init__(self, message: str, *, is_outcome_unknown: bool) -> None:
        super().__init__(message)
        self.is_outcome_unknown = is_outcome_unknown


class GatewayRefused(BillingError):
    """The other side understood and said no.

    Attributes:
        reason: the provider's own word for it, for logs and decisions.
    """

    code = "gateway_refused"

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class WebhookRefused(BillingError):
    """A webhook whose signature, time or body is not what it must be."""

    code = "webhook_refused"


class FileMissing(NotFound):
    """No file is stored under this digest."""

    code = "file_missing"


class FileDamaged(BillingError):
    """The bytes on the disk are no longer those that were stored."""

    code = "file_damaged"
