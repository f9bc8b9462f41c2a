"""Why a customer can't open, comment, dispute or pay, as support reads it."""

from __future__ import annotations

from dataclasses import dataclass

import reflex as rx

from billing_app.domain.diagnostics import Question
from billing_app.domain.errors import NotFound
from billing_app.queries.diagnostics import read_diagnostics
from billing_app.web.doors import staff_door, staff_watch
from billing_app.web.staff.live import changes
from billing_app.web.staff.record import RecordState


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One gate in words."""

    words: str
    is_passed: bool
    aside: str
    reason: str


@dataclass(frozen=True, slots=True)
class QuestionBlock:
    """One question, its answer and its gates.

    Attributes:
        tone: the colour of the answer: good, off where it is meant or has to be so,
            bad where nobody expects it.
    """

    words: str
    answer: str
    tone: str
    checks: tuple[CheckLine, ...]


class DiagnosticsState(RecordState, rx.State):
    """The gates of the invoice that the address names. Read-only.

    Attributes:
        summary: what is shut unexpectedly, or that nothing is.
        is_open: something is, so that the gates are shown unasked.
    """

    questions: list[QuestionBlock] = []  # noqa: RUF012
    summary: str = ""
    is_open: bool = False

    @staff_watch
    async def watch(self) -> None:
        """Ask again whenever something may have changed."""
        invoice_id = self._segment_id(1)
        async for _ in changes(self, f"invoice:{invoice_id}", f"thread:{invoice_id}"):
            async with self:
                await self._read()

    @staff_door
    async def check_again(self) -> None:
        await self._read()
        self._notify("Checked again just now.")

    async def _read(self) -> None:
        try:
            asked = await self._run(read_diagnostics, self._segment_id(1))
        except NotFound:
            # The page of the invoice says so.
            self.questions = []
            return
        self.questions = [_block(question) for question in asked]
        shut = [question.words for question in asked if question.is_unexpected]
        self.summary = f"{', '.join(shut)}: no" if shut else "Nothing unexpected"
        self.is_open = bool(shut)
        self._show_here()


def _tone(question: Question) -> str:
    if not question.failed:
        return "good"
    return "bad" if question.is_unexpected else "off"


def _block(question: Question) -> QuestionBlock:
    return QuestionBlock(
        words=question.words,
        answer=question.answer,
        tone=_tone(question),
        checks=tuple(
            CheckLine(it.words, it.is_passed, it.aside, it.reason)
            for it in question.checks
        ),
    )
