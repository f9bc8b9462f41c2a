"""The code on a document by which anybody can ask whether it is genuine.

It is the beginning of the digest of the frozen document, so every document has one and
none can be guessed: only who holds the document's whole content could make it.
"""

from __future__ import annotations

import base64
import re

# 80 bits: sixteen signs that people can type.
_HEX_DIGITS = 20
_SIGNS = 16
# What people take a sign for that the alphabet (A-Z, 2-7) does not have.
_MISREAD = str.maketrans("018", "OIB")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def check_code(content_digest: str) -> str:
    """Return the code of a document: four groups of four capitals and digits."""
    start = bytes.fromhex(content_digest[:_HEX_DIGITS])
    signs = base64.b32encode(start).decode()
    return "-".join(signs[at : at + 4] for at in range(0, _SIGNS, 4))


def digest_start(typed: str) -> str:
    """Return the hex digits that the digest of the coded document begins with.

    Spaces, hyphens and the case don't matter. Empty where it can't be a code.
    """
    signs = re.sub(r"[\s-]", "", typed[:100]).upper().translate(_MISREAD)
    if not re.fullmatch(f"[A-Z2-7]{{{_SIGNS}}}", signs):
        return ""
    return base64.b32decode(signs).hex()


def file_digest(typed: str) -> str:
    """Return a file's SHA-256 in lower case, or empty where it can't be one."""
    digits = typed.strip()[:100].lower()
    return digits if _DIGEST.fullmatch(digits) else ""
