"""How the stand-in says no: with Stripe's status, type, code and words."""

from __future__ import annotations

from typing import Any


class StripeRefusal(Exception):
    """An answer that is an error.

    Attributes:
        param: the parameter at fault, written as in the request: a[0][b].
        code: Stripe's word for it, where it has one.
        type: Stripe's kind of error, which decides the SDK's exception.
    """

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        status: int = 400,
        type: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code
        self.status = status
        self.type = type

    @property
    def body(self) -> dict[str, Any]:
        said = {
            "type": self.type,
            "code": self.code,
            "message": self.message,
            "param": self.param,
        }
        return {"error": {key: value for key, value in said.items() if value}}


class Unexecuted(StripeRefusal):
    """Refused at the door, before anything ran: never replayed for its key."""
