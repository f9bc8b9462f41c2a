"""Feeds events through Reflex's real pipeline: gate, handler, deltas. No browser."""

from __future__ import annotations

from typing import Any

from reflex.istate.manager.memory import StateManagerMemory
from reflex_base.event import Event
from reflex_base.event.processor import BaseStateEventProcessor
from reflex_base.registry import RegistrationContext

from billing_app.web.gate import Gate


class _App:
    """The part of an app that runs middleware, with ours."""

    def __init__(self) -> None:
        self._gate = Gate()

    async def _preprocess(self, state: Any, event: Event) -> Any:
        return await self._gate.preprocess(self, state, event)  # type: ignore[arg-type]

    async def _postprocess(self, state: Any, event: Event, update: Any) -> Any:
        return update


class Driver:
    """One browser's socket. Use as `async with Driver(cookie) as driver`.

    Attributes:
        deltas: what was sent to the browser, in order.
        events: what the browser was told to do, such as a redirect.
    """

    def __init__(self, cookie: str = "", path: str = "/") -> None:
        self.deltas: list[Any] = []
        self.events: list[Event] = []
        self._cookie, self._path = cookie, path

    async def emit_update(self, update: Any, token: str) -> None:
        if update.delta:
            self.deltas.append(update.delta)
        self.events += update.events

    async def __aenter__(self) -> Driver:
        self._processor = BaseStateEventProcessor(middleware=_App())  # type: ignore[arg-type]
        self._processor.configure(
            state_manager=StateManagerMemory(), event_namespace=self
        )
        await self._processor.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._processor.stop()

    async def send(self, name: str, **payload: Any) -> None:
        """Send an event by its full name, as any program on a socket could."""
        event = Event(
            name=name,
            payload=payload,
            router_data={
                "pathname": self._path,
                "asPath": self._path,
                "query": {},
                "headers": {"cookie": self._cookie, "origin": "http://localhost"},
                "token": "t",
            },
        )
        future = await self._processor.enqueue("t", event)
        await future.wait_all()


def handler_names(audience: str) -> list[str]:
    """Return the full names of all handlers with this audience."""
    from billing_app.web import routes

    assert routes.PAGES
    return sorted(
        name
        for name, registered in RegistrationContext.get().event_handlers.items()
        if getattr(registered.handler.fn, "audience", None) == audience
    )
