"""Let people write an invoice without an account: begin, keep, print, hand over."""

from __future__ import annotations

import hashlib
import hmac
import threading
from dataclasses import dataclass

from billing_app.database import authentication
from billing_app.database.authentication import Membership
from billing_app.database.secrets import digest
from billing_app.documents.render import render_print
from billing_app.domain.actors import (
    ROLE_PERMISSIONS,
    Nobody,
    Permission,
    StaffActor,
    SystemActor,
)
from billing_app.domain.errors import LimitReached, NotFound
from billing_app.domain.guest_invoice import (
    FREE_BEGINNINGS,
    FREE_PRINTS,
    GuestForm,
    ReadGuest,
    fresh_form,
    guest_document,
    guest_from_json,
    read_guest,
)
from billing_app.queries.guest_drafts import read_guest_draft
from billing_app.runtime import Runtime
from billing_app.services import guest_drafts
from billing_app.services import sign_in as counting
from billing_app.services.guest_drafts import TAKEN, TakenOver
from billing_app.services.sign_in import Counted

_JOB = SystemActor(workspace_id=0, job="guest-invoices")
_TOKEN_LENGTH_MAX = 200
_MARK_LENGTH = 16
_NEEDED = {Permission.EDIT_DRAFT, Permission.EDIT_CUSTOMER}
# Guests share one print process, so that the invoices of businesses don't wait.
_printing = threading.BoundedSemaphore(1)
# Each that waits holds one of the threads in which all requests are answered.
_waiting = threading.BoundedSemaphore(4)
_WAIT_SECONDS = 10
_TOO_OFTEN = "That was often. Wait a few minutes and try again; nothing is lost."
_BUSY = "Others are printing just now. Try again in a moment; nothing is lost."


@dataclass(frozen=True, slots=True)
class GuestInvoice:
    """What a browser's token opens.

    Attributes:
        digest: what its row is found by.
        version: zero where nothing was kept yet.
    """

    digest: str
    form: GuestForm
    version: int
    is_taken: bool = False


def begin(runtime: Runtime, network: str) -> str:
    """Return a token for a browser that has none. Only ours open anything, so that
    nobody fills the table with tokens of their own. It says which network began.

    Reading the page is free: only keeping an invoice counts, and printing one.

    Raises:
        NotFound: this installation does without.
    """
    _check_open(runtime)
    random = runtime.chance.new_token() + _network_mark(runtime, network)
    return f"{random}.{_seal(runtime, random)}"


def is_ours(runtime: Runtime, token: str) -> bool:
    """Tell whether `begin` made this token."""
    random, dot, seal = token.partition(".")
    if not dot or len(token) > _TOKEN_LENGTH_MAX or not token.isascii():
        return False
    return hmac.compare_digest(_seal(runtime, random), seal)


def open_guest(runtime: Runtime, token: str) -> GuestInvoice:
    """Return what is kept for a browser, or a fresh invoice.

    Raises:
        NotFound: the token is none of ours, or this installation does without.
    """
    _check_open(runtime)
    if not is_ours(runtime, token):
        raise NotFound("There is no invoice of this browser.")
    key = digest(token)
    kept = runtime.run(Nobody(), read_guest_draft, key)
    form = guest_from_json(kept.form) if kept.form else fresh_form()
    return GuestInvoice(key, form, kept.version, kept.is_taken)


def is_taken(runtime: Runtime, token: str) -> bool:
    """Tell whether a workspace has the invoice of this token."""
    return runtime.run(Nobody(), read_guest_draft, digest(token)).is_taken


def save(runtime: Runtime, token: str, version: int, form: GuestForm) -> int:
    """Keep what was typed, and return its version.

    Raises:
        NotFound: as `open_guest`.
        LimitReached: its network began very many.
        LimitReached, StaleDraft, Conflict: as `services.guest_drafts`.
    """
    begun = 0
    if open_guest(runtime, token).version == 0:
        mark = token.partition(".")[0][-_MARK_LENGTH:]
        begun = _count(runtime, "begin", mark, FREE_BEGINNINGS)
    return runtime.run(
        Nobody(), guest_drafts.save_guest_draft, digest(token), version, form, begun
    )


def print_guest(runtime: Runtime, token: str, network: str) -> tuple[str, bytes]:
    """Return the name of a file, and the PDF of what is kept.

    Raises:
        NotFound: as `open_guest`, or a workspace has it.
        InvalidInput: something on it can't be used, or it is from nobody.
        LimitReached: this network prints very often, or too many do at once.
        PdfEngineMissing, PdfFailed: as `documents.pdf`.
    """
    opened = open_guest(runtime, token)
    if opened.is_taken:
        raise NotFound(TAKEN)
    read = read_guest(opened.form)
    read.check()
    _count(runtime, "print", network, FREE_PRINTS)
    return _file_name(read), _print(runtime, opened.form, read)


def find_for_member(runtime: Runtime, token: str) -> GuestForm | None:
    """Return what a browser would hand over, or None where that is nothing."""
    if not runtime.settings.guest_invoices or not is_ours(runtime, token):
        return None
    opened = open_guest(runtime, token)
    return None if opened.is_taken or opened.form.is_blank else opened.form


def list_places(runtime: Runtime, staff_token: str) -> tuple[Membership, ...]:
    """Return the workspaces a signed-in person may take it to, this one first.

    Only those where they may write drafts and add customers.

    Raises:
        NotSignedIn: nobody is.
    """
    here, *others = _memberships(runtime, staff_token)
    return tuple(x for x in (here, *others) if may_take(x))


def find_here(runtime: Runtime, staff_token: str) -> Membership:
    """Return the membership by which somebody is signed in.

    Raises:
        NotSignedIn: nobody is.
    """
    return _memberships(runtime, staff_token)[0]


def may_take(place: Membership) -> bool:
    """Tell whether a member may write drafts and add customers there."""
    return ROLE_PERMISSIONS[place.role] >= _NEEDED


def take_over(runtime: Runtime, staff_token: str, token: str) -> TakenOver:
    """Make a draft of it in the workspace that somebody is signed in to.

    Raises:
        NotSignedIn: nobody is.
        NotFound: as `open_guest`.
        Conflict, NotPermitted: as `services.guest_drafts`.
    """
    now = runtime.now()
    actor: StaffActor = authentication.staff_actor(runtime.engine, staff_token, now)
    key = open_guest(runtime, token).digest
    return runtime.run(actor, guest_drafts.take_over, key)


def sweep(runtime: Runtime) -> None:
    """Delete what nobody changed for a week."""
    runtime.run(_JOB, guest_drafts.forget_guest_drafts)


def _memberships(runtime: Runtime, staff_token: str) -> list[Membership]:
    """Return where a signed-in person is a member, this workspace first."""
    now = runtime.now()
    authentication.staff_actor(runtime.engine, staff_token, now)
    signed_in = authentication.staff_from_session(runtime.engine, staff_token, now)
    found = authentication.list_memberships(runtime.engine, signed_in.person_id)
    here = signed_in.actor.workspace_id
    return sorted(found, key=lambda place: place.workspace_id != here)


def _check_open(runtime: Runtime) -> None:
    if not runtime.settings.guest_invoices:
        raise NotFound("This page is not open here.")


def _network_mark(runtime: Runtime, network: str) -> str:
    """Return what tells one network from the next, and does not say which it is."""
    marked = runtime.cipher.keyed_digest("guest network", network)
    return marked[:_MARK_LENGTH]


def _seal(runtime: Runtime, random: str) -> str:
    return runtime.cipher.keyed_digest("guest invoice", random)[:32]


def _count(runtime: Runtime, act: str, network: str, free: int) -> int:
    """Count an act of a network; return how many it did before."""
    key = runtime.cipher.keyed_digest("guest invoice", act, network)
    try:
        return runtime.run(_JOB, counting.take_try, (Counted(key, free),))
    except LimitReached:
        raise LimitReached(_TOO_OFTEN) from None


def _print(runtime: Runtime, form: GuestForm, read: ReadGuest) -> bytes:
    now = runtime.now()
    document = guest_document(form, read, now.date())
    html = render_print(document, None, now, by_guest=True)
    if not _waiting.acquire(blocking=False):
        raise LimitReached(_BUSY)
    try:
        is_our_turn = _printing.acquire(timeout=_WAIT_SECONDS)
    finally:
        _waiting.release()
    if not is_our_turn:
        raise LimitReached(_BUSY)
    try:
        return runtime.pdf.render(html, hashlib.sha256(html.encode()).hexdigest())
    finally:
        _printing.release()


def _file_name(read: ReadGuest) -> str:
    """Name the file by its number, as far as every system takes it."""
    kept = "".join(x if x.isascii() and x.isalnum() else "-" for x in read.number)
    return f"Invoice-{kept.strip('-') or 'draft'}.pdf"
