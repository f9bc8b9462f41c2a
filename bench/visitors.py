"""Many open portal pages: replays what one real browser said, many times over."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import websockets
from playwright.sync_api import WebSocket

from bench.browser import chromium
from bench.ground import Served

# Visitors whose memory is not counted: the first pay for what all share.
FIRST = 10
_QUIET_SECONDS = 2.0
_PATIENCE_SECONDS = 120.0

Hear = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a page says over its socket: where, and frame by frame."""

    url: str
    token: str
    frames: tuple[str, ...]

    def for_visitor(self, token: str) -> Recorded:
        """Return the same, said by another browser tab."""

        def renamed(text: str) -> str:
            return text.replace(self.token, token)

        return Recorded(renamed(self.url), token, tuple(map(renamed, self.frames)))


def record(url: str) -> Recorded | None:
    """Open the page in Chromium and listen until it is quiet."""
    sockets: list[WebSocket] = []
    frames: list[str] = []

    def listen(socket: WebSocket) -> None:
        sockets.append(socket)
        socket.on("framesent", lambda frame: frames.append(str(frame)))

    with chromium() as browser:
        if browser is None:
            return None
        page = browser.new_page()
        page.on("websocket", listen)
        page.goto(url, wait_until="load")
        page.wait_for_timeout(5_000)
    if not sockets:
        return None
    found = sockets[0].url
    token = found.partition("token=")[2].partition("&")[0]
    # A page answers pings (3) by itself, and so do we.
    return Recorded(found, token, tuple(x for x in frames if x not in ("2", "3")))


def grown_kb(served: Served, recorded: Recorded, count: int) -> float:
    """Return the memory that so many more visitors cost the server."""
    return asyncio.run(_grown_kb(served, recorded, count))


async def _grown_kb(served: Served, recorded: Recorded, count: int) -> float:
    async with contextlib.AsyncExitStack() as stack:
        await _connect(stack, recorded, FIRST)
        before = served.memory_kb()
        await _connect(stack, recorded, count)
        return served.memory_kb() - before


class Unheard(Exception):
    """A visitor's page was not filled, so its memory says nothing."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """What many visitors of one page cost, and when they hear something.

    Attributes:
        joining_ms: CPU of the server for each.
        telling_ms: CPU of the server to tell all of them.
        first_seconds, half_seconds, last_seconds: from saying it until so many of
            them had it.
    """

    joining_ms: float
    telling_ms: float
    first_seconds: float
    half_seconds: float
    last_seconds: float


def crowd(
    served: Served, recorded: Recorded, count: int, say: Callable[[str], None]
) -> Crowd:
    """Let many visitors join one page, say something there once, and listen."""
    return asyncio.run(_crowd(served, recorded, count, say))


async def _crowd(
    served: Served, recorded: Recorded, count: int, say: Callable[[str], None]
) -> Crowd:
    words = f"Measured {uuid.uuid4()}"
    heard: dict[str, float] = {}

    def hear(token: str, answer: str) -> None:
        if words in answer:
            heard.setdefault(token, time.perf_counter())

    async with contextlib.AsyncExitStack() as stack:
        await _connect(stack, recorded, FIRST)
        before = served.cpu_ms()
        await _connect(stack, recorded, count, hear)
        joined = served.cpu_ms()
        started = time.perf_counter()
        await asyncio.to_thread(say, words)
        await _until(lambda: len(heard) >= count)
        await asyncio.sleep(_QUIET_SECONDS)
        told = served.cpu_ms()
    seconds = sorted(at - started for at in heard.values())
    if len(seconds) < count:
        raise Unheard(f"only {len(seconds)} of {count} heard it")
    return Crowd(
        joining_ms=(joined - before) / count,
        telling_ms=told - joined,
        first_seconds=seconds[0],
        half_seconds=statistics.median(seconds),
        last_seconds=seconds[-1],
    )


async def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not is_so() and time.monotonic() < deadline:
        await asyncio.sleep(0.02)


async def _connect(
    stack: contextlib.AsyncExitStack,
    recorded: Recorded,
    count: int,
    hear: Hear = lambda _token, _answer: None,
) -> None:
    filled: set[str] = set()
    for number in range(count):
        visitor = recorded.for_visitor(str(uuid.uuid4()))
        # From many places: one network may not open so many sockets.
        place = {"X-Forwarded-For": f"10.0.{number >> 8}.{number & 255}"}
        socket = await stack.enter_async_context(
            websockets.connect(
                visitor.url, compression=None, max_size=None, additional_headers=place
            )
        )
        task = asyncio.create_task(_talk(socket, visitor, filled, hear))
        stack.callback(task.cancel)
        await asyncio.sleep(0.05)
    await _until(lambda: len(filled) >= count)
    await asyncio.sleep(_QUIET_SECONDS)
    if len(filled) < count:
        raise Unheard(f"only {len(filled)} of {count} pages were filled")


async def _talk(
    socket: websockets.ClientConnection,
    visitor: Recorded,
    filled: set[str],
    hear: Hear,
) -> None:
    """Say each frame after an answer, as the page did, then only keep alive."""
    waiting = iter(visitor.frames)
    async for answer in socket:
        hear(visitor.token, str(answer))
        if "INV-" in str(answer):
            filled.add(visitor.token)
        if answer == "2":
            await socket.send("3")
        elif (frame := next(waiting, None)) is not None:
            await socket.send(frame)
