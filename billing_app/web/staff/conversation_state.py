"""What customers and staff say about an invoice and its disputes, and staff alone."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import reflex as rx

from billing_app import runtime
from billing_app.domain.branding import initials
from billing_app.domain.comment import CommentForm, Part, Side, split_links
from billing_app.domain.dates import Moment
from billing_app.domain.errors import InvalidInput, NotFound, NotPermitted
from billing_app.domain.portal_dispute import DisputeMoment, place_moments
from billing_app.domain.portal_settings import CommentMode
from billing_app.queries.conversations import (
    DisputeThread,
    ReadNote,
    StaffComment,
    StaffThread,
    list_notes,
    read_dispute_threads,
    read_thread,
)
from billing_app.services import conversations
from billing_app.web import formats
from billing_app.web.doors import staff_door, staff_watch
from billing_app.web.staff.mail_words import keeps_mail
from billing_app.web.staff.record import RecordState

# A hint that got lost is made up for this soon.
LOOK_AGAIN_SECONDS = 30
_NOT_PUBLISHED = "Nobody could read this yet: the customer does not see the invoice."
_MAIL = ", and gets a mail unless the page is open"
_MODE_WORDS = {
    CommentMode.OFF: "Comments are switched off: the customer can't read this.",
    CommentMode.READ: "The customer can read this, but not answer.",
    CommentMode.WRITE: "Customer sees this" + _MAIL,
}
_DISPUTE = "dispute-"
_NO_MAIL = "; no mail leaves, for want of a mail server"


@dataclass(frozen=True, slots=True)
class ThreadLine:
    """One comment as staff read it, or in between what happened to a dispute.

    Attributes:
        happening: what happened, all there is to say then; `about_href` leads on.
        email: what the author typed or, when verified, has confirmed.
        seen: "Read by the customer" under the last reply that was.
    """

    id: int
    key: str
    at: str
    exactly: str
    happening: str = ""
    is_staff: bool = False
    author: str = ""
    email: str = ""
    mark: str = ""
    is_verified: bool = False
    is_removed: bool = False
    is_unread: bool = False
    about: str = ""
    about_href: str = ""
    seen: str = ""
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class DisputeTalk:
    """What is said in one dispute.

    Attributes:
        newest: id of the last comment.
        can_reply: it is open, and the customer sees what is answered.
        mode_words: who reads an answer, or why nobody would.
    """

    comments: tuple[ThreadLine, ...] = ()
    unread: int = 0
    newest: int = 0
    has_older: bool = False
    can_reply: bool = False
    mode_words: str = ""


@dataclass(frozen=True, slots=True)
class NoteLine:
    """One note that only staff read."""

    id: int
    author: str
    mark: str
    at: str
    exactly: str
    body: str


class ConversationState(RecordState, rx.State):
    """The threads of the invoice that the address names.

    Attributes:
        disputes: those of its disputes, by their id as text.
        about: what an answer is about: a line by its place, a dispute as
            "dispute-5", or the whole invoice where it is empty.
        subjects: all that it can be about, with their words.
        unread: comments of the customer that no member has seen.
        newest: id of the last comment.
        turn, note_turn: change once something was stored; the field starts anew.
        reply_error: what is wrong with an answer.
        removing: the comment that the dialog is about, 0 for none.
    """

    comments: list[ThreadLine] = []  # noqa: RUF012
    disputes: dict[str, DisputeTalk] = {}  # noqa: RUF012
    notes: list[NoteLine] = []  # noqa: RUF012
    about: str = ""
    subjects: list[tuple[str, str]] = []  # noqa: RUF012
    count: int = 0
    unread: int = 0
    older: int = 0
    newest: int = 0
    mode_words: str = ""
    can_reply: bool = False
    turn: str = ""
    note_turn: int = 0
    reply_error: str = ""
    note_error: str = ""
    reason_error: str = ""
    removing: int = 0
    removing_words: str = ""

    _invoice_id: int = 0
    _from: int = 0
    _has_all_of_disputes: bool = False
    _keeps_mail: bool = False
    # By dispute; by 0 of the invoice's own conversation.
    _unread_from: dict[int, int] = {}  # noqa: RUF012
    # Until the page is read: an open dispute is what waits for an answer.
    _is_new: bool = True

    @staff_watch
    async def watch(self) -> None:
        """Show what is said while the page is open."""
        async with self:
            self._start()
            invoice_id = self._invoice_id
        # Whether the customer reads along changes with the invoice.
        names = ("thread", "read", "notes", "invoice")
        topics = [f"{name}:{invoice_id}" for name in names]
        with runtime.current().bus.subscribe(*topics) as hints:
            while await self._look():
                await hints.wait(LOOK_AGAIN_SECONDS)

    @staff_door
    async def show_older(self) -> None:
        """Show the comments before those in view."""
        if self.older:
            page = await self._run(read_thread, self._invoice_id, before=self.older)
            if page.comments:
                self._from = page.comments[0].id
            await self._read()

    @staff_door
    async def show_all_of_disputes(self) -> None:
        """Show what was said in the disputes from their beginning on."""
        self._has_all_of_disputes = True
        await self._read()

    @staff_door
    async def choose_about(self, about: str) -> None:
        """Say what the answer is about; what was typed of it stays."""
        self.about = about
        await self._read()

    @staff_door
    async def reply(self, form: dict[str, Any]) -> None:
        """Post an answer that the customer reads, in the thread that the form names."""
        about = _text(form, "about")
        dispute = _dispute_of(about)
        typed = CommentForm(
            body=_text(form, "body"),
            line="" if dispute else about,
            request_key=self.turn,
            dispute=dispute,
        )
        self.reply_error = ""
        try:
            await self._run(conversations.post_reply, self._invoice_id, typed)
        except InvalidInput as refusal:
            self.reply_error = refusal.message
            return
        self.turn = secrets.token_hex(8)
        await self._read()

    @staff_door
    async def write_note(self, form: dict[str, Any]) -> None:
        """Keep a note that no customer reads."""
        self.note_error = ""
        note = _text(form, "note")
        try:
            await self._run(conversations.write_note, self._invoice_id, note)
        except InvalidInput as refusal:
            self.note_error = refusal.message
            return
        self.note_turn += 1
        await self._read()

    @staff_door
    async def start_removing(self, comment_id: int) -> None:
        in_disputes = [it for talk in self.disputes.values() for it in talk.comments]
        found = [
            it
            for it in (*self.comments, *in_disputes)
            if it.id == comment_id and not it.happening
        ]
        if not found or found[0].is_removed:
            raise InvalidInput("That comment is not here any more.")
        self.removing, self.reason_error = comment_id, ""
        self.removing_words = (
            f"The comment of {found[0].author} disappears from the customer's page. "
            "It stays here, and in the audit trail with your reason."
        )

    @staff_door
    async def stop_removing(self) -> None:
        self.removing = 0

    @staff_door
    async def remove(self, form: dict[str, Any]) -> None:
        """Take the comment that the dialog is about out of the portal."""
        reason = _text(form, "reason")
        try:
            await self._run(conversations.remove_comment, self.removing, reason)
        except InvalidInput as refusal:
            self.reason_error = refusal.message
            return
        self.removing = 0
        self._notify("Comment removed from the customer's page.")
        await self._read()

    @staff_door
    async def note_read(self) -> None:
        """Note that the conversation was before a member's eyes."""
        if self.unread:
            await self._note_read(self.newest, 0)

    @staff_door
    async def note_dispute_read(self, dispute_id: int) -> None:
        """Note the same of what is said in a dispute."""
        talk = self.disputes.get(str(dispute_id))
        if talk is not None and talk.unread:
            await self._note_read(talk.newest, dispute_id)

    async def _note_read(self, comment_id: int, dispute_id: int) -> None:
        try:
            await self._run(
                conversations.mark_read, self._invoice_id, comment_id, dispute_id
            )
        except NotPermitted:
            # Who only looks leaves no mark: somebody has still to answer.
            return

    async def _look(self) -> bool:
        try:
            async with self:
                await self._read()
        except NotFound:
            # The page of the invoice says so.
            async with self:
                self._clear()
            return False
        return True

    async def _read(self) -> None:
        thread = await self._run(read_thread, self._invoice_id, since=self._from)
        disputes = await self._run(
            read_dispute_threads, self._invoice_id, has_all=self._has_all_of_disputes
        )
        notes = await self._run(list_notes, self._invoice_id)
        if thread.comments and not self._from:
            self._from = thread.comments[0].id
        self._keeps_mail = await keeps_mail(self)
        self._show(thread, disputes, notes)
        if self._invoice_id == self._segment_id(1):
            self._show_here()

    def _show(
        self,
        thread: StaffThread,
        disputes: tuple[DisputeThread, ...],
        notes: tuple[ReadNote, ...],
    ) -> None:
        comments = _with_moments(self._lines(thread, 0), thread, disputes)
        if self.comments != comments:
            self.comments = comments
        talks = {str(it.dispute.id): self._talk(it) for it in disputes}
        if self.disputes != talks:
            self.disputes = talks
        self.notes = [_note(it, thread.moment) for it in notes]
        self._offer_subjects(thread, disputes)
        self.count, self.unread, self.older = thread.count, thread.unread, thread.older
        self.newest = thread.comments[-1].id if thread.comments else 0
        talk = talks.get(_dispute_of(self.about))
        if talk:
            self.can_reply, self.mode_words = talk.can_reply, talk.mode_words
            return
        self.can_reply = thread.is_published and thread.mode != CommentMode.OFF
        self.mode_words = (
            _MODE_WORDS[thread.mode] if thread.is_published else _NOT_PUBLISHED
        )
        if self.mode_words == _MODE_WORDS[CommentMode.WRITE] and self._keeps_mail:
            self.mode_words = "Customer sees this" + _NO_MAIL

    def _offer_subjects(
        self, thread: StaffThread, disputes: tuple[DisputeThread, ...]
    ) -> None:
        """List what can be answered, and begin with a dispute that is open."""
        lines = [
            (str(place), f"{place}. {name}")
            for place, name in enumerate(thread.lines, 1)
        ]
        open_ones = [
            (f"{_DISPUTE}{it.dispute.id}", _subject_words(it, lines))
            for it in disputes
            if it.dispute.is_open
        ]
        whole = ("", "The whole invoice")
        self.subjects = [*open_ones, whole, *(lines if len(lines) > 1 else [])]
        if self._is_new:
            self.about, self._is_new = self.subjects[0][0], False
        elif self.about not in dict(self.subjects):
            self.about = ""

    def _talk(self, it: DisputeThread) -> DisputeTalk:
        thread, dispute_id = it.thread, it.dispute.id
        is_over = not it.dispute.is_open
        mail = _NO_MAIL if self._keeps_mail else _MAIL
        words = f"The customer reads this in the dispute{mail}"
        if is_over:
            words = "The dispute is over."
        elif not it.is_shown:
            words = "Disputes are switched off: the customer can't read this."
        elif not thread.is_published:
            words = _NOT_PUBLISHED
        return DisputeTalk(
            comments=tuple(self._lines(thread, dispute_id)),
            unread=thread.unread,
            newest=thread.comments[-1].id if thread.comments else 0,
            has_older=thread.older > 0,
            can_reply=it.is_shown and thread.is_published and not is_over,
            mode_words=words,
        )

    def _lines(self, thread: StaffThread, dispute_id: int) -> list[ThreadLine]:
        # What was new when the page was opened keeps its mark while it is read.
        if thread.unread and dispute_id not in self._unread_from:
            unread = [it.id for it in thread.comments if it.side == Side.CUSTOMER]
            first = unread[-min(thread.unread, len(unread))] if unread else 0
            self._unread_from = {**self._unread_from, dispute_id: first}
        replies = [it.id for it in thread.comments if it.side == Side.STAFF]
        read = [it for it in replies if it <= thread.read_by_customer]
        unread_from = self._unread_from.get(dispute_id, 0)
        return [
            _line(it, thread, unread_from, max(read, default=0))
            for it in thread.comments
        ]

    def _start(self) -> None:
        if self._invoice_id != self._segment_id(1):
            self._clear()
            self._invoice_id = self._segment_id(1)
        self._unread_from = {}
        self.turn = self.turn or secrets.token_hex(8)

    def _clear(self) -> None:
        self.comments, self.disputes, self.notes, self.subjects = [], {}, [], []
        self.count = self.unread = self.older = self.newest = self.removing = 0
        self.can_reply, self.mode_words = False, ""
        self.reply_error = self.note_error = self.reason_error = self.about = ""
        self._from, self._unread_from, self._is_new = 0, {}, True
        self._has_all_of_disputes = False


def _dispute_of(about: str) -> str:
    """Return the id of the dispute that an answer is about, or nothing."""
    return about.removeprefix(_DISPUTE) if about.startswith(_DISPUTE) else ""


def _subject_words(it: DisputeThread, lines: list[tuple[str, str]]) -> str:
    """Name a dispute as what an answer is about."""
    line = dict(lines).get(str(it.dispute.line_position), "the whole invoice")
    return f"Dispute about {line}"


def _with_moments(
    lines: list[ThreadLine], thread: StaffThread, disputes: tuple[DisputeThread, ...]
) -> list[ThreadLine]:
    """Say among the comments when a dispute was opened or ended."""
    moments = place_moments(
        [it.created_at for it in thread.comments],
        (moment for it in disputes for moment in it.moments),
        is_start=not thread.older,
    )
    placed: list[ThreadLine] = []
    for before, line in zip_longest(moments, lines):
        placed += [_moment(it, thread.moment) for it in before]
        placed += [line] if line else []
    return placed


def _moment(it: DisputeMoment, moment: Moment) -> ThreadLine:
    return ThreadLine(
        id=0,
        key=f"dispute-{it.dispute_id}-{it.at.isoformat()}",
        at=formats.instant(it.at, moment),
        exactly=formats.exact_instant(it.at, moment),
        happening=it.words,
        about_href=f"#dispute-{it.dispute_id}",
    )


def _line(
    it: StaffComment, thread: StaffThread, unread_from: int, last_read: int
) -> ThreadLine:
    is_staff = it.side == Side.STAFF
    about = ""
    if it.line_position and it.line_position <= len(thread.lines):
        about = f"{it.line_position}. {thread.lines[it.line_position - 1]}"
    return ThreadLine(
        id=it.id,
        key=str(it.id),
        is_staff=is_staff,
        author=formats.isolated(it.author_name),
        email=it.author_email,
        mark=initials(it.author_name),
        is_verified=it.is_verified,
        is_removed=it.is_removed,
        is_unread=not is_staff and 0 < unread_from <= it.id,
        at=formats.instant(it.created_at, thread.moment),
        exactly=formats.exact_instant(it.created_at, thread.moment),
        about=about,
        about_href=f"#line-{it.line_position}" if about else "",
        seen="Read by the customer" if it.id == last_read else "",
        parts=split_links(it.body),
    )


def _note(it: ReadNote, moment: Moment) -> NoteLine:
    return NoteLine(
        id=it.id,
        author=it.author_name,
        mark=initials(it.author_name),
        at=formats.instant(it.created_at, moment),
        exactly=formats.exact_instant(it.created_at, moment),
        body=it.body,
    )


def _text(form: dict[str, Any], name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""
