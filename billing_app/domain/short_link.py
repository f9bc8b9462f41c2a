"""The short address of a portal link, which fits a text message."""

from __future__ import annotations

import base64
import hashlib

# 80 bits: sixteen small letters and digits, which no phone cuts off or mistakes.
_BYTES = 10
PATH = "/s"


def short_code(token: str) -> str:
    """Return the code of a link; only who holds the link's token can make it."""
    made = hashlib.sha256(b"tallyport short link\0" + token.encode()).digest()
    return base64.b32encode(made[:_BYTES]).decode().lower()


def short_path(token: str) -> str:
    """Return the path of the short address that leads to the same page."""
    return f"{PATH}/{short_code(token)}"
