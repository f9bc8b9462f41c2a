"""Logs without secrets: tokens, cookies and codes are masked before any handler."""

from __future__ import annotations

import logging
import re
import traceback
from typing import Any

_MASK = "***"
# What a stranger sends can be in a record, and each record is searched for secrets.
_LONGEST = 20_000
# In one minute, before the rest of it is written in brief: a stranger can make a
# record of whatever they send, and the disk is what all work needs.
_PER_MINUTE = 1_000_000
_BRIEF = 200
# Whatever moves a terminal's cursor, turns its text or can't be written as UTF-8.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_SECRETS: tuple[tuple[re.Pattern[str], str], ...] = (
    # The secret part of portal links, and of those in mails.
    (re.compile(r"(/(?:p|c|d|s|mails)/)[\w~.=-]{8,}"), rf"\1{_MASK}"),
    # Query parameters; the socket of every page carries its client token there.
    (
        re.compile(r"(?i)\b((?:\w+_)?(?:token|code|secret|key)=)[^&\s'\"]+"),
        rf"\1{_MASK}",
    ),
    # Reflex logs whole events: the headers, and all that somebody typed.
    (re.compile(r"(Event\(name='[^']*').*"), rf"\1, {_MASK})"),
    (re.compile(r"(?i)(event data: ).*"), rf"\1{_MASK}"),
    (re.compile(r"(Event data must be a dictionary).*"), r"\1"),
    # What somebody sent where a number belongs.
    (
        re.compile(r"(?s)(Error transforming event argument '[^']*' with value ).*"),
        rf"\1{_MASK}",
    ),
    (
        re.compile(
            r"""(?ix)(['"](?:cookie|set-cookie|authorization|reflex-client-token
            |stripe-signature|token|code|secret|password|\w+_key)['"]\s*:\s*)
            (?:'(?:[^'\\]|\\.)*(?:'|\\?\Z)|"(?:[^"\\]|\\.)*(?:"|\\?\Z))"""
        ),
        rf"\1'{_MASK}'",
    ),
    # Passwords inside addresses of databases, Redis and mail servers.
    # They are found by `://`: a search for the name before it tries every letter.
    # What ends in the middle may be one, unless it looks like a port.
    (
        re.compile(r"(?<=\w)(://[^:/?#\s@]*:)(?!\d{1,5}[^@\w]*\Z)[^@/\s]+(@|\Z)"),
        rf"\1{_MASK}\2",
    ),
    # Keys of Stripe, in any sentence.
    (re.compile(r"\b((?:sk|rk)_(?:live|test)_|whsec_)\w+"), rf"\1{_MASK}"),
)


def redact(text: str, longest: int = _LONGEST) -> str:
    """Mask what must not be in a log; a line break can't forge a new entry.

    What is longer than `longest`, 20,000 characters, ends there, and says so.
    """
    left_out = len(text) - longest
    text = text[:longest]
    for secret, replacement in _SECRETS:
        text = secret.sub(replacement, text)
    if left_out > 0:
        text += f"\n({left_out} more characters)"
    return _CONTROL.sub(_escape, text).replace("\n", "\n    ")


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def _in_full(record: logging.LogRecord) -> str:
    text = record.getMessage()
    if record.exc_info and record.exc_info[0]:
        text += "\n" + "".join(traceback.format_exception(*record.exc_info))
    return redact(text.rstrip("\n"))


def _in_brief(record: logging.LogRecord) -> str:
    """Write how a record begins, and what was wrong instead of where."""
    text = redact(record.getMessage().rstrip("\n"), _BRIEF)
    if record.exc_info and record.exc_info[0]:
        error = "".join(traceback.format_exception_only(*record.exc_info[:2]))
        text += "\n    " + redact(error.rstrip("\n"), _BRIEF)
    return text


def redact_logs() -> None:
    """Mask every record of every logger, our own and those of libraries."""
    if getattr(logging.getLogRecordFactory(), "masks_secrets", False):
        return
    make_plain = logging.getLogRecordFactory()
    minute, written = 0, 0

    def make_masked(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make_plain(*args, **kwargs)
        nonlocal minute, written
        if minute != int(record.created // 60):
            minute, written = int(record.created // 60), 0
        write = _in_full if written < _PER_MINUTE else _in_brief
        record.msg, record.args = write(record), ()
        # Handlers would format the traceback anew, unmasked.
        record.exc_info = None
        written += len(record.msg)
        return record

    make_masked.masks_secrets = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(make_masked)
