"""What a plain form was refused for, carried back to its page in a sealed cookie."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from billing_app.database.secrets import Cipher, SecretUnreadable


@dataclass(frozen=True, slots=True)
class Flash:
    """One refusal, and what was typed, so that nothing is lost.

    Attributes:
        problem: the sentence to show.
        beside: a sentence for each field that can't be used, by its name.
        typed: text of the fields by name; never a password or a code.
    """

    problem: str = ""
    beside: dict[str, str] = field(default_factory=dict[str, str])
    typed: dict[str, str] = field(default_factory=dict[str, str])


def seal(cipher: Cipher, flash: Flash) -> str:
    return cipher.encrypt(json.dumps(asdict(flash)))


def unseal(cipher: Cipher, sealed: str) -> Flash:
    """Return what was sealed; a cookie that is not ours says nothing."""
    if not sealed:
        return Flash()
    try:
        return Flash(**json.loads(cipher.decrypt(sealed)))
    except SecretUnreadable:
        return Flash()
