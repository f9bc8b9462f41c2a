"""Digests for secrets we only compare, encryption for those we must read again."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TypedDict

from cryptography.fernet import Fernet, InvalidToken

from billing_app.domain.errors import BillingError
from billing_app.domain.short_link import short_code


class SecretUnreadable(BillingError):
    """It was encrypted under another SECRET_KEY."""

    code = "secret_unreadable"


class StoredLink(TypedDict):
    """The columns of a link that stand for its token."""

    token_digest: str
    token_encrypted: str
    short_digest: str


def digest(token: str) -> str:
    """Return the SHA-256 of a 256-bit random token, in hex.

    No pepper: what has that much entropy can't be guessed back from its digest.
    """
    return hashlib.sha256(token.encode()).hexdigest()


class Cipher:
    """Encrypts with a key derived from the installation's secret."""

    def __init__(self, secret: str) -> None:
        assert secret, "an empty secret protects nothing"
        self._secret = secret.encode()
        key = hashlib.sha256(b"tallyport encryption\0" + self._secret).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def encrypt(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, encrypted: str) -> str:
        """Return the text.

        Raises:
            SecretUnreadable: SECRET_KEY is not the one it was encrypted under.
        """
        try:
            return self._fernet.decrypt(encrypted.encode()).decode()
        except InvalidToken as error:
            raise SecretUnreadable(
                "A stored secret can't be read: SECRET_KEY has changed."
            ) from error

    def keyed_digest(self, *parts: str) -> str:
        """Return an HMAC for short codes, which a plain hash would give away."""
        return hmac.new(self._secret, "\0".join(parts).encode(), "sha256").hexdigest()

    def short_digest(self, code: str) -> str:
        """Return what the code of a short address is found by."""
        return self.keyed_digest("short link", code)

    def stored_link(self, token: str) -> StoredLink:
        return {
            "token_digest": digest(token),
            "token_encrypted": self.encrypt(token),
            "short_digest": self.short_digest(short_code(token)),
        }
