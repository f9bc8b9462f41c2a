"""Write the customer's page as HTML: what is seen before, and without, JavaScript.

The templates draw what `web/portal` draws, with the same classes, so that the page
takes over in place. Every value is escaped by the templates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from billing_app.documents.icons import icon_svg
from billing_app.domain.genuine import CheckedDocument, Verdict
from billing_app.domain.portal_account import AccountFrame, AccountList
from billing_app.domain.portal_invoice import PortalInvoice
from billing_app.domain.portal_thread import PortalThreads
from billing_app.domain.speech import SOURCE_LANGUAGE, ended_once, speech_for

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class VerifyStep:
    """One step of proving who one is.

    Attributes:
        name: email, code, totp, set_up or choose: which form is shown.
        action: where the form is sent; `back` leaves without a proof.
        email: already given; `shown_email` is that, mostly hidden.
        asked: which code the form is for, sealed.
        note: what the proof unlocks, in one sentence.
        choices: ids and names of the customers behind the address; `chosen_id` is
            the one whose account is open already, `inside` leads back there.
        secret, code_image: for an authenticator app that is set up.
    """

    name: str
    seller: str
    seller_mark: str
    logo_href: str
    logo_says_name: bool
    brand: dict[str, str]
    action: str
    back: str
    note: str = ""
    error: str = ""
    email: str = ""
    shown_email: str = ""
    asked: str = ""
    choices: tuple[tuple[int, str], ...] = ()
    chosen_id: int | None = None
    inside: str = ""
    secret: str = ""
    code_image: str = ""


@dataclass(frozen=True, slots=True)
class MailChoice:
    """A kind of mail, when it comes, and whether it is wanted."""

    kind: str
    name: str
    words: str
    is_wanted: bool


@dataclass(frozen=True, slots=True)
class MailChoicesPage:
    """The page on which somebody chooses their mails.

    Attributes:
        action: where the form is sent.
        email: mostly hidden.
    """

    seller: str
    seller_mark: str
    logo_href: str
    logo_says_name: bool
    brand: dict[str, str]
    action: str
    email: str
    is_saved: bool
    choices: tuple[MailChoice, ...]


@dataclass(frozen=True, slots=True)
class KeepPage:
    """An invoice written without an account, and where it can go.

    Attributes:
        places: id and name of each workspace that may take it, the first chosen.
    """

    action: str
    not_now: str
    seller: str
    buyer: str
    line_count: int
    total: str
    places: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SharedDraftPage:
    """A draft for its customer to read. `sheet` is HTML of ours."""

    seller: str
    seller_mark: str
    logo_href: str
    logo_says_name: bool
    brand: dict[str, str]
    shared_on: str
    sheet: Markup


@dataclass(frozen=True, slots=True)
class CheckPage:
    """The answer about a document, and the form to ask about another.

    Attributes:
        code: as it was typed.
        has_file: a file was compared too.
        facts: what the document says, as rows to compare; `words` lead to them.
    """

    verdict: Verdict
    code: str = ""
    has_file: bool = False
    document: CheckedDocument | None = None
    facts: tuple[tuple[str, str], ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class TypedField:
    """A field with what was typed into it; `kind` is text, email, amount or long."""

    name: str
    label: str
    value: str
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class NotSent:
    """Why a plain form was refused, and the form again with all that was typed.

    Attributes:
        back: the page that the form was on; `is_of_account` says which kind.
        action: where it is sent again; empty where that would not help.
        verify_href: where the proof is given that is missing.
    """

    title: str
    message: str
    back: str
    action: str = ""
    button: str = ""
    hidden: tuple[tuple[str, str], ...] = ()
    fields: tuple[TypedField, ...] = ()
    verify_href: str = ""
    is_of_account: bool = False


def render_portal(
    invoice: PortalInvoice,
    sheet: str,
    payment_code: str,
    *,
    as_of: datetime,
    clock: str,
    exactly: str,
    pages: Sequence[str] | None = None,
    threads: PortalThreads = PortalThreads.EMPTY,
    request_key: str = "",
) -> Markup:
    """Return the page of an invoice.

    `sheet` and `payment_code` are HTML of ours; `pages` are addresses of pictures,
    given while the PDF is shown instead of the sheet. `clock` says `as_of` in words,
    `exactly` in full.
    `request_key` makes a comment that is posted twice from this page one comment.
    """
    html = _template("portal.html").render(
        **_spoken(invoice.language),
        it=invoice,
        sheet=Markup(sheet),  # noqa: S704 - drawn by `render_sheet`, escaped there
        payment_code=Markup(payment_code),  # noqa: S704 - holds squares only
        as_of=as_of.isoformat(timespec="seconds"),
        clock=clock,
        exactly=exactly,
        pages=pages,
        threads=threads,
        request_key=request_key,
    )
    return Markup(html)  # noqa: S704 - escaped by the template


def render_account(
    frame: AccountFrame,
    shown: AccountList,
    *,
    as_of: datetime,
    clock: str,
    exactly: str,
) -> Markup:
    """Return the page of an account, as `render_portal` does that of an invoice."""
    html = _template("account.html").render(
        **_spoken(frame.language),
        it=frame,
        list=shown,
        as_of=as_of.isoformat(timespec="seconds"),
        clock=clock,
        exactly=exactly,
    )
    return Markup(html)  # noqa: S704 - escaped by the template


def render_alone(
    title: str,
    *paragraphs: str,
    icon_name: str = "invoice",
    onward: tuple[str, str] | None = None,
    language: str = SOURCE_LANGUAGE,
) -> Markup:
    """Return a page without brand, name or number.

    Words that the catalogs know are said in the language; others stay as they are.
    """
    say = speech_for(language).words
    html = _template("alone.html").render(
        title=say(title),
        paragraphs=[say(words) for words in paragraphs],
        icon_name=icon_name,
        onward=onward and (say(onward[0]), onward[1]),
    )
    return Markup(html)  # noqa: S704 - escaped by the template


def render_keep(it: KeepPage, *, head: Markup) -> str:
    """Return the whole page that asks which workspace takes a guest's invoice over."""
    return _template("keep.html").render(**_spoken(SOURCE_LANGUAGE), it=it, head=head)


def render_message(
    title: str,
    *paragraphs: str,
    head: Markup,
    refresh_seconds: int = 0,
    onward: tuple[str, str] | None = None,
    language: str = SOURCE_LANGUAGE,
) -> str:
    """Return a whole document for an answer that no page of the app takes over.

    `onward` is where to go from here: the words of a link and its address.
    """
    return _template("message.html").render(
        **_spoken(language),
        title=speech_for(language).words(title),
        head=head,
        refresh_seconds=refresh_seconds,
        body=render_alone(title, *paragraphs, onward=onward, language=language),
    )


def render_not_sent(it: NotSent, *, head: Markup, language: str) -> str:
    """Return the whole page that answers a plain form which was refused."""
    return _template("not_sent.html").render(**_spoken(language), it=it, head=head)


def render_check(it: CheckPage, *, head: Markup, language: str) -> str:
    """Return the whole page on which a document is checked."""
    return _template("check.html").render(**_spoken(language), it=it, head=head)


def render_shared_draft(it: SharedDraftPage, *, head: Markup, language: str) -> str:
    """Return the whole page that shows a draft to its customer."""
    return _template("shared_draft.html").render(**_spoken(language), it=it, head=head)


def render_mail_choices(it: MailChoicesPage, *, head: Markup, language: str) -> str:
    """Return the whole page on which somebody chooses their mails."""
    return _template("mail_choices.html").render(**_spoken(language), it=it, head=head)


def render_verify(step: VerifyStep, *, head: Markup, language: str) -> str:
    """Return the whole page that asks for one more proof."""
    return _template("verify.html").render(**_spoken(language), it=step, head=head)


@lru_cache(maxsize=64)
def _spoken(language: str) -> dict[str, Any]:
    """Return what a template says its words with, and how they run.

    Values are escaped, and so is what translators wrote; `isolate` keeps an address
    whole where words run the other way.
    """
    speech = speech_for(language)

    @lru_cache(maxsize=1_000)
    def plain(words: str) -> Markup:
        return escape(speech.words(words)).format_map({})

    def say(words: str, /, **values: object) -> Markup:
        if not values:
            return plain(words)
        said = ended_once(speech.words(words), values)
        if speech.is_right_to_left:
            values = {name: _isolated(value) for name, value in values.items()}
        return escape(said).format_map(values)

    def isolate(text: str) -> Markup:
        return Markup("<bdi>{}</bdi>").format(text)

    return {
        "say": say,
        "isolate": isolate,
        "language": speech.tag,
        "direction": speech.direction,
    }


def _isolated(value: object) -> Markup:
    """Let a value run its own way, in an attribute too; `web/words.js` does so."""
    return Markup("\u2068{}\u2069").format(value)


@cache
def _template(name: str):
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["icon"] = icon_svg
    return environment
