"""Feeds events through Reflex's real pipeline: gate, handler, deltas. No browser."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from reflex.istate.manager.memory import StateManagerMemory
from reflex_base.event import Event
from reflex_base.event.processor import BaseStateEventProcessor
from reflex_base.registry import RegistrationContext
from reflex_base.utils.format import format_event_handler

from billing_app.web.gate import Gate


class _App:
    """The part of an app that runs middleware, with ours."""

    def __init__(self) -> None:
        self._gate = Gate()

    async def _preprocess(self, state: Any, event: Event) -> Any:
        return await self._gate.preprocess(self, state, event)  # type: ignore[arg-type]

    def get_load_events(self, path: str) -> list[Any]:
        """Load nothing by itself: a test presses what the page would."""
        return []

    async def _postprocess(self, state: Any, event: Event, update: Any) -> Any:
        return update


class Driver:
    """One browser's socket. Use as `async with Driver(cookie) as driver`.

    Attributes:
        deltas: what was sent to the browser, in order.
        events: what the browser was told to do, such as a redirect.
    """

    def __init__(self, cookie: str = "", path: str = "/", agent: str = "") -> None:
        self.deltas: list[Any] = []
        self.events: list[Event] = []
        self.cookie, self.path, self.agent = cookie, path, agent

        self._told = asyncio.Event()

    async def emit_update(self, update: Any, token: str) -> None:
        if update.delta:
            self.deltas.append(update.delta)
        self.events += update.events
        self._told.set()

    async def __aenter__(self) -> Driver:
        app: Any = _App()
        context: Any = RegistrationContext.get()
        object.__setattr__(context, "_app", app)
        self._processor = BaseStateEventProcessor(middleware=app)
        self._processor.configure(
            state_manager=StateManagerMemory(), event_namespace=self
        )
        await self._processor.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._processor.stop()

    async def send(self, name: str, **payload: Any) -> None:
        """Send an event by its full name, as any program on a socket could."""
        await self.send_payload(name, payload)

    async def send_payload(self, name: str, payload: Any) -> None:
        """Send an event with whatever stands where its arguments belong."""
        future = await self._enqueue(name, payload)
        await future.wait_all()

    async def start(self, name: str, **payload: Any) -> None:
        """Begin what runs for as long as the page is open, as loading it does."""
        await self._enqueue(name, payload, is_sent=False)

    async def load(self, name: str) -> None:
        """Begin it like that, and wait until it ends: the page shows nothing more."""
        future = await self._enqueue(name, {}, is_sent=False)
        await future.wait_all()

    async def press(self, handler: Any, **payload: Any) -> None:
        """Send the event of a state's handler."""
        await self.send(format_event_handler(handler), **payload)

    async def watch(self, handler: Any) -> None:
        await self.start(format_event_handler(handler))

    def shown(self, state: Any, name: str) -> Any:
        """Return what the browser holds of a variable; None before it was sent."""
        key, found = f"{name}_rx_state_", None
        for delta in self.deltas:
            found = delta.get(state.get_full_name(), {}).get(key, found)
        return found

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until what was sent makes it so, fifteen seconds at most."""
        async with asyncio.timeout(15):
            while not is_so():
                self._told.clear()
                await self._told.wait()

    @property
    def redirects(self) -> list[str]:
        return [
            event.payload["path"] for event in self.events if "path" in event.payload
        ]

    async def _enqueue(self, name: str, payload: Any, is_sent: bool = True) -> Any:
        place = {
            "pathname": self.path,
            "asPath": self.path,
            "query": {},
            "headers": {
                "cookie": self.cookie,
                "origin": "http://localhost",
                "user-agent": self.agent,
            },
            "token": "t",
        }
        # What the server adds has no place of its own, but that of what it follows.
        event = Event(name=name, payload=payload, router_data=place if is_sent else {})
        root: Any = self._processor._root_context
        return await self._processor.enqueue(
            "t", event, root.fork(token="t", router_data=place)
        )


def handler_names(audience: str) -> list[str]:
    """Return the full names of all handlers with this audience."""
    from billing_app.web import routes

    assert routes.PAGES
    return sorted(
        name
        for name, registered in RegistrationContext.get().event_handlers.items()
        if getattr(registered.handler.fn, "audience", None) == audience
    )
