"""What may be said in a conversation, by whom, how often, and how it reads."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import combinations, dropwhile, product

from billing_app.domain.actors import PortalVisitor, Proof
from billing_app.domain.contact import check_email
from billing_app.domain.errors import (
    InvalidInput,
    LimitReached,
    NotFound,
    NotPermitted,
)
from billing_app.domain.parsing import clean_text
from billing_app.domain.portal_proof import check_may_write
from billing_app.domain.portal_settings import AuthorName, CommentMode, PortalSettings
from billing_app.domain.speech import later

BODY_LENGTH_MAX = 2_000
NAME_LENGTH_MAX = 80
REASON_LENGTH_MAX = 500
REQUEST_KEY_LENGTH_MAX = 64

# A person who types fast, and again; a program is stopped at once.
AUTHOR_MINUTE_MAX = 6
AUTHOR_HOUR_MAX = 40
# All links, or all sessions, of one invoice together. The two are counted apart, so
# that whoever floods a forwarded link cannot silence a customer who has signed in.
INVOICE_HOUR_MAX = 120
RATE_WINDOW = timedelta(hours=1)

# Whoever has the page open needs no mail; this is how long they get to read it.
MAIL_DELAY = timedelta(minutes=1)
# One mail for each burst, however much is said in it.
MAIL_PAUSE = timedelta(minutes=15)


class Side(StrEnum):
    """Who speaks: the customer, or the business."""

    CUSTOMER = "customer"
    STAFF = "staff"

    @property
    def other(self) -> Side:
        return Side.STAFF if self == Side.CUSTOMER else Side.CUSTOMER


@dataclass(frozen=True, slots=True)
class CommentForm:
    """A comment as it was typed.

    Attributes:
        line: place of the line it is about, counted from 1; empty for the invoice.
        dispute: id of the dispute it belongs to; empty for the invoice.
        request_key: made by the browser, so that a repeated post is one comment.
    """

    body: str = ""
    name: str = ""
    email: str = ""
    line: str = ""
    request_key: str = ""
    dispute: str = ""


@dataclass(frozen=True, slots=True)
class Author:
    """Who a customer says they are, ready to be stored."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Reserved:
    """Names that only the business may write under.

    Attributes:
        business: its display name and its legal name.
        members: the names of its people.
        customer: the customer's own name, which may hold that of the business.
    """

    business: tuple[str, ...]
    members: tuple[str, ...] = ()
    customer: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text: plain, or with an address to go to."""

    text: str
    href: str = ""


def check_may_comment(settings: PortalSettings, visitor: PortalVisitor) -> None:
    """Refuse where the business takes no comments, or not with this proof.

    Raises:
        NotPermitted: switched off, only to be read, a preview, or staff.
        VerificationRequired: with the proof that is missing.
    """
    if settings.comments == CommentMode.OFF:
        raise NotPermitted(later("Comments are switched off for this invoice."))
    if settings.comments == CommentMode.READ:
        raise NotPermitted(
            later("Comments on this invoice can be read, but not written.")
        )
    check_may_write(settings.write_auth, visitor)
    if visitor.is_staff:
        raise NotPermitted(
            "You are signed in as staff: answer from the invoice's own page. To write "
            "as a customer would, open the link in a private window."
        )


def clean_body(text: str, field: str = "body") -> str:
    """Return the message as it is stored: plain text, at most 2,000 characters."""
    body = clean_text(text, length_max=BODY_LENGTH_MAX, multiline=True, field=field)
    # A wall of blank lines pushes what others wrote out of sight.
    body = re.sub(r"\n{3,}", "\n\n", body)
    if not _is_visible(body):
        raise InvalidInput(later("Write a message first."), field=field)
    return body


def read_author(form: CommentForm, reserved: Reserved) -> Author:
    """Return who wrote it, if that is nobody of the business.

    Raises:
        InvalidInput: no name, no address, or somebody else's name.
    """
    name = clean_text(form.name, length_max=NAME_LENGTH_MAX, field="name")
    name = " ".join(name.split())
    if not any(map(str.isalpha, name)):
        raise InvalidInput(
            later("Write your name, so that we know who asks."), field="name"
        )
    names = (*reserved.business, *reserved.members)
    if is_like(name, names) or speaks_for_business(name, reserved):
        raise InvalidInput(
            later(
                "This name belongs to the business you are writing to. Please write "
                "your own, or add your company to it."
            ),
            field="name",
        )
    return Author(name, check_email(form.email, "email"))


def read_line(text: str, line_count: int) -> int | None:
    """Return the line that a comment is about, or None for the whole invoice.

    Raises:
        InvalidInput: the invoice has no such line.
    """
    text = text.strip()
    if not text:
        return None
    is_place = text.isascii() and text.isdigit() and len(text) <= 5
    if not is_place or not 1 <= int(text) <= line_count:
        raise InvalidInput(later("This invoice has no such line."), field="line")
    return int(text)


def read_dispute_id(text: str) -> int:
    """Return the dispute that a comment belongs to, or 0 for the invoice's own.

    Whether there is such a dispute is for whoever looks it up to say.
    """
    text = text.strip()
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 16 and int(text)):
        raise NotFound("Dispute not found.")
    return int(text)


def check_request_key(text: str) -> str:
    """Return the key of a request, or refuse one that no page of ours makes."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{8,64}", text):
        raise InvalidInput(later("That request was not understood. Please try again."))
    return text


def check_rate(by_author: Sequence[datetime], on_invoice: int, now: datetime) -> None:
    """Refuse more comments than people write.

    `by_author` are the instants of this link's or session's comments in the last
    hour, `on_invoice` how many all of their kind wrote on the invoice meanwhile.

    Raises:
        LimitReached: saying when to try again.
    """
    last_minute = sum(abs(now - at) < timedelta(minutes=1) for at in by_author)
    if last_minute >= AUTHOR_MINUTE_MAX:
        raise LimitReached(
            later(
                "That was a lot in a minute. Please wait a moment, then post it again."
            )
        )
    if len(by_author) >= AUTHOR_HOUR_MAX or on_invoice >= INVOICE_HOUR_MAX:
        raise LimitReached(
            later(
                "There were very many comments here within an hour. Please try again "
                "later, or reach the business by the contact details below."
            )
        )


def shown_name(name: str, settings: PortalSettings, visitor: PortalVisitor) -> str:
    """Return how much of an author's name this reader sees."""
    is_whole = settings.author_name == AuthorName.FULL or visitor.proof >= Proof.CODE
    return name if is_whole else first_name(name)


# Before a name, with or without a full stop.
_TITLES = set(
    "dr prof mr mrs ms mx miss sir herr frau mme mlle sra srta dott".split()  # noqa: SIM905
)


def first_name(name: str) -> str:
    """Return the first name: of `Vermeer, Ines` and of an email address, too.

    A title is none; where only that stands before one name, both are told.
    """
    if "@" in name:
        return name.partition("@")[0].split(".")[0] or name
    last, comma, rest = name.partition(",")
    words = (rest if comma and rest.split() else last).split()
    named = list(dropwhile(_is_title, words))
    if len(named) > 1 or named == words:
        return named[0] if named else name
    return " ".join(words)


def _is_title(word: str) -> bool:
    return word.casefold().rstrip(".") in _TITLES


def shorten(text: str, length_max: int) -> str:
    """Return a text on one line, its end left out where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= length_max else f"{line[:length_max].rstrip()}…"


# Only what a mail reader would follow, too; never javascript: or data:.
_LINK = re.compile(
    r"\b(?:https?://[^\s<>\"'`]{3,500}|mailto:[^\s<>\"'`@]{1,64}@[^\s<>\"'`]{3,200})",
    re.IGNORECASE,
)


def split_links(body: str) -> tuple[Part, ...]:
    """Cut a text at its web and mail addresses, so that they can be followed."""
    parts: list[Part] = []
    end = 0
    for found in _LINK.finditer(body):
        address = _without_tail(found[0])
        if found.start() > end:
            parts.append(Part(body[end : found.start()]))
        end = found.start() + len(address)
        parts.append(Part(address, address))
    if end < len(body):
        parts.append(Part(body[end:]))
    return tuple(parts)


def is_like(name: str, reserved: Iterable[str]) -> bool:
    """Say whether people would take a name for one of the reserved ones.

    Case, spaces, accents, marks and letters of other scripts that look the same
    make no difference; nor do a title before a name, words such as "support" beside
    it, or more of the reserved names. Anything else makes it somebody of their own.
    """
    known = [alike for each in reserved for alike in _joined_alike(each)]
    whole = {skeleton for each in known if (skeleton := _skeleton(each))}
    words = _skeletons(name)
    beside = _OFFICES.union(*(map(_skeleton, _words(each)) for each in known))
    return any(
        "".join(words[first:last]) in whole
        and beside.issuperset(words[:first] + words[last:])
        for first, last in _runs(words)
    )


def speaks_for_business(name: str, reserved: Reserved) -> bool:
    """Say whether a name holds the business's, whatever else is beside it.

    A business of one word often bears the name of people, who write with their first
    name beside it: there it takes an office, or "from", to speak for the business.
    Whoever's own company is named so may write that. "Staff" is nobody's name, so it
    is refused with no word beside it but those of the business.
    """
    words, own = _skeletons(name), _skeleton(reserved.customer)
    theirs = _OFFICES.union(*map(_skeletons, reserved.business))
    if _STAFF in words and theirs.issuperset(words):
        return True
    runs = {"".join(words[first:last]) for first, last in _runs(words)}
    glued = _skeleton(name)
    names = [alike for each in reserved.business for alike in _joined_alike(each)]
    for each in names:
        whole, is_one_word = _skeleton(each), len(_skeletons(each)) == 1
        if not whole or whole in own:
            continue
        if is_one_word and whole in runs and _SPEAKING.intersection(words):
            return True
        # Few letters stand in other names by chance: Ed Lee in Fred Leeson.
        is_glued = len(whole) >= _GLUED_LENGTH_MIN and whole in glued
        if not is_one_word and (whole in runs or is_glued):
            return True
    return False


def burst_key(invoice_id: int, dispute_id: int, reader: Side, when: str) -> str:
    """Name what a side gets one mail at most about: a conversation at some time."""
    thread = f"{invoice_id}:dispute:{dispute_id}" if dispute_id else str(invoice_id)
    return f"comment:{thread}:{reader}:{when}"


def quarter_of(now: datetime) -> str:
    """Name the quarter of an hour of a burst of comments."""
    return str(int(now.timestamp()) // int(MAIL_PAUSE.total_seconds()))


def _without_tail(address: str) -> str:
    """Leave out the full stop or bracket that belongs to the sentence around."""
    address = address.rstrip(".,;:!?")
    while address.endswith(")") and address.count(")") > address.count("("):
        address = address[:-1].rstrip(".,;:!?")
    return address


def _is_visible(text: str) -> bool:
    """Say whether there is anything to see: spaces and invisible marks are not."""
    return any(unicodedata.category(x)[0] in "LNPS" for x in text)


def _runs(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield where each run of words begins and ends."""
    yield from combinations(range(len(words) + 1), 2)


def _joined_alike(name: str) -> Iterator[str]:
    """Yield a reserved name, and as it reads with other words for each `&` in it.

    Where it has more than `_JOINTS_VARIED_MAX`, those behind read as the last of them.
    """
    yield name
    first, *others = _JOINT.split(_plain(name))
    varied = min(len(others), _JOINTS_VARIED_MAX)
    for joints in product(("", *_JOINTS), repeat=varied) if others else ():
        padded = (*joints, *joints[-1:] * (len(others) - varied))
        joined = zip(padded, others, strict=True)
        yield "".join((first, *(f" {joint} {part}" for joint, part in joined)))


def _skeletons(name: str) -> list[str]:
    return [skeleton for word in _words(name) if (skeleton := _skeleton(word))]


def _words(name: str) -> list[str]:
    return re.split(r"[\W_]+", _plain(name))


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", "".join(map(_plain_letter, name)))


def _skeleton(name: str) -> str:
    """Reduce a name to what the eye keeps of it.

    In the spirit of Unicode TR 39: compatibility forms, small letters, no marks, one
    letter for all that look alike. Only letters and digits stay.
    """
    plain = unicodedata.normalize("NFKD", _plain(name).casefold())
    bare = "".join(x for x in plain if x.isalnum())
    seen = bare.translate(_LOOKALIKES)
    for pair, letter in (("rn", "m"), ("vv", "w"), ("cl", "d")):
        seen = seen.replace(pair, letter)
    return seen


def _plain_letter(sign: str) -> str:
    """Return the letter that a small capital, or one in a black square, draws."""
    if sign.isascii():
        return sign
    found = _DRAWN.fullmatch(unicodedata.name(sign, ""))
    return found[1] if found else sign


_JOINTS_VARIED_MAX = 3
_JOINTS = ("and", "und", "et", "en", "y", "e", "i")
_JOINT = re.compile(rf"[&+]|(?<=\s)(?:{'|'.join(_JOINTS)})(?=\s)", re.IGNORECASE)

# LATIN LETTER SMALL CAPITAL I, NEGATIVE SQUARED LATIN CAPITAL LETTER I ...
_DRAWN = re.compile(
    r"(?:LATIN (?:CAPITAL )?LETTER SMALL CAPITAL|(?:NEGATIVE |CROSSED )?"
    r"(?:SQUARED|CIRCLED) LATIN CAPITAL LETTER|REGIONAL INDICATOR SYMBOL LETTER) (.)"
)

# Letters of other scripts, and digits, that pass for a Latin one.
_ALIKE = {
    "a": "аӓαᎪꓮ",
    "b": "вβƅᏴꓐ",
    "c": "сϲᏟꓚ",
    "d": "ԁđᎠꓓ",
    "e": "еєεҽ3Ꭼꓰ",
    "f": "ꓝ",
    "g": "ɡᏀꓖ",
    "h": "һнħᎻꓧ",
    "i": "іιıӏl1|łᎥꓲᏞꓡ",
    "j": "јᎫꓙ",
    "k": "кκᏦꓗ",
    "m": "мᎷꓟ",
    "n": "пηոꓠ",
    "o": "оοσօø0ꓳ",
    "p": "рρᏢꓑ",
    "q": "ԛ",
    "r": "гᎡᏒꓣ",
    "s": "ѕƽ5$Ꮪꓢ",
    "t": "тτᎢꓔ",
    "u": "υцսꓴ",
    "v": "ѵνᏙꓦ",
    "w": "ԝωѡᎳꓪ",
    "x": "хχꓫ",
    "y": "уγүᎩꓬ",
    "z": "Ꮓꓜ",
}
_LOOKALIKES = str.maketrans(
    {each: latin for latin, others in _ALIKE.items() for each in others}
)
_GLUED_LENGTH_MIN = 8
_OFFICES = frozenset(
    map(
        _skeleton,
        (
            *("accounting", "accounts", "admin", "billing", "care", "desk", "finance"),
            *("help", "helpdesk", "sales"),
            *("invoices", "office", "official", "payments", "service", "staff"),
            *("support", "team"),
            *("the", "from", "at", "of", "mr", "mrs", "ms", "miss", "dr"),
        ),
    )
)
_STAFF = _skeleton("staff")
# Beside the name of a business they say that somebody speaks for it; a title doesn't.
_SPEAKING = _OFFICES - set(_skeletons("the mr mrs ms miss dr"))
