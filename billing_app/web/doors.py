"""The doors from the browser to the services.

Reflex makes every public method of a state callable by any browser with any
arguments. So a handler is a door: it says who may use it, it checks what it is
given, and it reaches the database only through `_run`, which names the actor anew
on every event. `gate.py` refuses handlers that carry no audience.
"""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import functools
import inspect
import json
import logging
import secrets
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Concatenate, ParamSpec, TypeVar, get_origin, get_type_hints
from urllib.parse import quote

import reflex as rx
from reflex.istate.proxy import StateProxy
from reflex.state import _override_base_method

from billing_app import runtime
from billing_app.database import authentication
from billing_app.database.authentication import Cookies, OpenedLink
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Actor, PortalVisitor
from billing_app.domain.cookies import read_cookie, session_cookie
from billing_app.domain.errors import BillingError, NotSignedIn
from billing_app.domain.portal_place import NOWHERE, PortalPlace, parse_place
from billing_app.domain.sign_in import safe_next
from billing_app.domain.speech import spoken
from billing_app.runtime import Hints, Runtime
from billing_app.web.components.layout import Notice

P = ParamSpec("P")
R = TypeVar("R")

log = logging.getLogger("tallyport.doors")

TEXT_LENGTH_MAX = 200_000
# What the databases keep in a column of numbers.
NUMBER_MAX = 2**63 - 1
NOTICES_MAX = 3
# What a form of the staff says of itself beside its fields; see `PressState`.
PRESS = "press"
PRESSES_KEPT = 20
PRESS_LENGTH_MAX = 64
PORTAL_PATHS = ("/p/", "/c/", "/account/")


class Audience(StrEnum):
    """Who a handler is for. The gate checks it before the handler runs."""

    STAFF = "staff"
    PORTAL = "portal"
    PUBLIC = "public"


def session_token(cookie_header: str) -> str:
    """Return the staff session's secret from a Cookie header, or an empty text."""
    is_https = runtime.current().settings.is_https
    return read_cookie(cookie_header, session_cookie(is_https))


def sign_in_path(state: Any) -> str:
    """Return where to sign in, and that this page comes after it."""
    url = state.router.url
    path = safe_next(f"{url.path}?{url.query}" if url.query else url.path)
    return "/sign-in" if path == "/" else f"/sign-in?next={quote(path)}"


def _door(audience: Audience, background: bool) -> Callable[[Callable[..., Any]], Any]:
    def mark(handler: Callable[..., Any]) -> Any:
        hints = get_type_hints(handler)
        types = {
            name: get_origin(t) or t for name, t in hints.items() if name != "return"
        }
        signature = inspect.signature(handler)

        @functools.wraps(handler)
        async def guarded(self: Any, /, *args: Any, **kwargs: Any) -> Any:
            if not _is_understood(signature, types, args, kwargs):
                return await _show(self, "That request was not understood.")
            is_staff = audience == Audience.STAFF
            press = _take_press(*args, *kwargs.values()) if is_staff else ""
            if press and not await _begin(self, press):
                return None
            try:
                return await handler(self, *args, **kwargs)
            except NotSignedIn as refusal:
                return await self._turned_away(refusal)
            except BillingError as refusal:
                return await _show(self, refusal.message)
            except Exception:
                # The edge: what goes wrong here is ours, and the person is told.
                code = secrets.token_hex(3)
                # Not `code=`: the log masks those, and this one is to be found.
                log.exception("handler.crashed reported_as=%s", code)
                return await _show(
                    self, f"Something went wrong on our side (code {code})."
                )
            finally:
                if press:
                    await _answer(self, press)

        marked: Any = guarded
        marked.audience = audience
        return rx.event(guarded, background=True) if background else rx.event(guarded)

    return mark


def staff_door(handler: Callable[..., Any]) -> Any:
    """A handler for signed-in staff."""
    return _door(Audience.STAFF, background=False)(handler)


def staff_watch(handler: Callable[..., Any]) -> Any:
    """A long-running background handler for signed-in staff."""
    return _door(Audience.STAFF, background=True)(handler)


def portal_door(handler: Callable[..., Any]) -> Any:
    """A handler for holders of a portal link."""
    return _door(Audience.PORTAL, background=False)(handler)


def portal_watch(handler: Callable[..., Any]) -> Any:
    """A long-running background handler for holders of a portal link."""
    return _door(Audience.PORTAL, background=True)(handler)


def public_door(handler: Callable[..., Any]) -> Any:
    """A handler for everybody. It must not need an actor."""
    return _door(Audience.PUBLIC, background=False)(handler)


def public_watch(handler: Callable[..., Any]) -> Any:
    """A background handler for everybody. It must not need an actor."""
    return _door(Audience.PUBLIC, background=True)(handler)


def _is_understood(
    signature: inspect.Signature,
    types: Mapping[str, Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> bool:
    """Say whether a handler can be called like this: the names, and each value."""
    try:
        _, *given = signature.bind(None, *args, **kwargs).arguments.items()
    except TypeError:
        return False
    return all(_fits(value, types.get(name)) for name, value in given)


def _fits(value: Any, expected: Any) -> bool:
    """Say whether an argument is of the declared type. A bool is not a number."""
    if expected is None:
        return False
    if isinstance(value, bool) and expected is not bool:
        return False
    if isinstance(value, int) and abs(value) > NUMBER_MAX:
        return False
    if isinstance(value, str) and len(value) > TEXT_LENGTH_MAX:
        return False
    return isinstance(value, expected) and _is_whole(value)


def _is_whole(value: Any) -> bool:
    """Say whether all text in a value can be stored and sent: half an emoji can't."""
    if not isinstance(value, str | dict | list):
        return True
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        return False
    return True


def _take_press(*values: Any) -> str:
    """Take the key of its press out of a form of the staff; empty where it has none."""
    forms = [value for value in values if isinstance(value, dict)]
    key = forms[0].pop(PRESS, "") if len(forms) == 1 else ""
    return key if isinstance(key, str) and len(key) <= PRESS_LENGTH_MAX else ""


async def _begin(state: Any, press: str) -> bool:
    """Note a press of a form; tell whether it is the first time that it comes."""
    async with _held(state):
        presses = await state.get_state(PressState)
        if press in presses._begun:
            return False
        presses._begun = [*presses._begun[1 - PRESSES_KEPT :], press]
        return True


async def _answer(state: Any, press: str) -> None:
    """Tell the page that what it sent was carried out, or refused."""
    async with _held(state):
        presses = await state.get_state(PressState)
        presses.answered = [*presses.answered[1 - PRESSES_KEPT :], press]


async def _show(state: Any, message: str) -> None:
    async with _held(state):
        state._notify(message, is_refusal=True)


def _held(state: Any) -> contextlib.AbstractAsyncContextManager[Any]:
    """Hold a state to change it; only a background handler does not hold it anyway."""
    return state if isinstance(state, StateProxy) else contextlib.nullcontext()


class ActingState(rx.State, mixin=True):
    """A state that can ask the services something, as whoever is asking.

    Attributes:
        notices: what just happened, newest last, for the page's live region.
    """

    notices: list[Notice] = []  # noqa: RUF012  (Reflex copies the default)

    _carried: str = ""

    @public_door
    async def leave_notices(self) -> None:
        """Leave behind what was told on the page before; each visit begins so."""
        self._leave_notices()

    @public_door
    async def dismiss_notice(self, key: str) -> None:
        """Take one notice away. Touches nothing but this browser's page."""
        self.notices = [notice for notice in self.notices if notice.key != key]

    def _leave_notices(self) -> None:
        if self.notices:
            self.notices = [it for it in self.notices if it.key == self._carried]
            self._carried = ""

    def _actor(self) -> Actor:
        """Establish who is asking, from the cookie or the link. In a thread."""
        raise NotImplementedError

    async def _turned_away(self, refusal: NotSignedIn) -> Any:
        return await _show(self, refusal.message)

    def _segment(self, index: int) -> str:
        """Return a part of the address's path. An input like any other: no proof."""
        parts = [part for part in self.router.url.path.split("/") if part]
        return parts[index] if index < len(parts) else ""

    def _segment_id(self, index: int) -> int:
        """Return a part of the path as an id; zero, nobody's, if it is none."""
        text = self._segment(index)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0

    def _query(self, name: str) -> str:
        """Return a parameter of the address, or an empty text."""
        return self.router.url.query_parameters.get(name, "")

    async def _run(
        self,
        work: Callable[Concatenate[UnitOfWork, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Run a service or query as the current actor, off the event loop."""
        running = runtime.current()
        return await asyncio.to_thread(
            lambda: running.run(self._actor(), work, *args, **kwargs)
        )

    async def _run_workflow(
        self,
        work: Callable[Concatenate[Runtime, Actor, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Run a workflow as the current actor, off the event loop."""
        running = runtime.current()
        return await asyncio.to_thread(
            lambda: work(running, self._actor(), *args, **kwargs)
        )

    def _notify(self, message: str, undo: str = "", *, is_refusal: bool = False) -> str:
        """Say something in the live region; return the notice's key.

        The last few stay. `undo` is the word on the button that takes it back. A
        refusal stays until something is done after all.
        """
        notice = Notice(secrets.token_hex(4), message, undo, is_refusal)
        kept = [it for it in self.notices if is_refusal or not it.is_refusal]
        self.notices = [*kept[1 - NOTICES_MAX :], notice]
        return notice.key

    def _forget_done(self) -> None:
        """Take away what told that something is done, since the next thing is not."""
        self.notices = [notice for notice in self.notices if notice.is_refusal]

    def _carry_notice(self, key: str) -> None:
        """Keep a notice through the next visit: the page goes to another address."""
        self._carried = key


class DeskState(ActingState, mixin=True):
    """Base of the states that no customer's page has a use for."""

    @_override_base_method
    def dict(self, *args: Any, **kwargs: Any) -> builtins.dict[str, Any]:
        """Return what a page is given when it connects; a customer's gets nothing.

        Reflex keeps all states of an app for each visitor. What has not been used
        is as the frontend was built with, and is not even made here.
        """
        if not self._was_touched and self.rx_router_url.path.startswith(PORTAL_PATHS):
            return {}
        return super().dict(*args, **kwargs)


class PressState(DeskState, rx.State):
    """What one page's forms have sent: each press of a form has a key of its own.

    A press that comes twice, since it was sent again into a queue or through a
    broken line, is carried out once.

    Attributes:
        answered: the latest that were carried out or refused; their forms can be
            pressed again.
    """

    answered: list[str] = []  # noqa: RUF012  (Reflex copies the default)

    _begun: list[str] = []  # noqa: RUF012


class StaffState(DeskState, mixin=True):
    """Base of staff page states: the actor comes from the session cookie."""

    # The newest watch of the page; `live.changes` ends those before it.
    _watching: str = ""

    def _actor(self) -> Actor:
        running = runtime.current()
        token = session_token(self.router.headers.cookie)
        return authentication.staff_actor(running.engine, token, running.now())

    async def _turned_away(self, refusal: NotSignedIn) -> Any:
        return rx.redirect(sign_in_path(self))


class PortalState(ActingState, mixin=True):
    """Base of portal page states: the actor comes from the address and the cookies.

    Attributes:
        is_gone: the address no longer opens anything; the page says so.
    """

    is_gone: bool = False

    # The address that all of what is remembered here was shown at.
    _shown_at: str = ""

    def _place(self) -> PortalPlace:
        """Return where in the portal the address leads. It proves nothing."""
        return parse_place(self.router.url.path) or NOWHERE

    def _is_meant(self) -> bool:
        """Say whether an event is about what is shown here, by where it comes from.

        A tab that goes on to another address loads it, and forgets there what it had
        shown. What else comes from elsewhere was pressed too late or is a program's.
        """
        path = self._place().path
        if not self._shown_at:
            self._shown_at = path
        return self._shown_at == path

    async def _proven_path(self) -> str:
        """Return the page's address if it opens now as it is, else an empty text."""
        place = self._place()
        try:
            link = await asyncio.to_thread(self._link)
        except BillingError:
            return ""
        is_account = place.is_account and place.invoice_id is None
        opens = (link.visitor.invoice_id is None) == is_account
        return place.path if opens else ""

    def _link(self) -> OpenedLink:
        """Open the page anew, from its address and the cookies. In a thread."""
        running = runtime.current()
        # Each look at it puts it together anew.
        router = self.router
        return authentication.open_portal(
            running.engine,
            parse_place(router.url.path) or NOWHERE,
            Cookies(router.headers.cookie, running.settings.is_https),
            running.now(),
            wants_preview=router.url.query_parameters.get("preview") == "1",
        )

    def _actor(self) -> Actor:
        return self._link().visitor

    async def _run_workflow(
        self,
        work: Callable[Concatenate[Runtime, Actor, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Run a workflow as the page's visitor; it refuses in their language."""
        return await self._run_page(_as_visitor, work, args, kwargs)

    async def _run_page(
        self,
        work: Callable[Concatenate[Runtime, OpenedLink, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Run a workflow of a page with the page opened anew, off the event loop."""
        running = runtime.current()

        def run() -> R:
            link = self._link()
            with spoken(link.setup.language):
                return work(running, link, *args, **kwargs)

        return await asyncio.to_thread(run)

    async def _look_up(
        self,
        hints: Hints,
        about: tuple[str, ...],
        work: Callable[Concatenate[Runtime, OpenedLink, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Read what an open page shows of its invoice, and hear of it from now on.

        The page is opened anew, as in `_run_page`. After a change it is then read
        once for all who were told of it, who stand before the same page with the
        same rights, and who have the same of it in view
        (docs/decisions/0032-one-reading-for-all-who-were-told.md).
        """
        running = runtime.current()

        def look() -> R:
            link = self._link()
            hints.follow(*_topics(about, link.visitor))
            reader = (work, link, args, tuple(kwargs.items()))
            with spoken(link.setup.language):
                return hints.last.once(
                    reader, lambda: work(running, link, *args, **kwargs)
                )

        return await asyncio.to_thread(look)


def _as_visitor(
    running: Runtime,
    link: OpenedLink,
    work: Callable[..., R],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> R:
    return work(running, link.visitor, *args, **kwargs)


def _topics(about: tuple[str, ...], visitor: PortalVisitor) -> tuple[str, ...]:
    """Return what changes a page of one invoice: what it shows, and who may see it."""
    return (
        *(f"{each}:{visitor.invoice_id}" for each in about),
        f"link:{visitor.link_id}",
        f"session:{visitor.session_id}",
        f"portal:{visitor.workspace_id}",
    )
