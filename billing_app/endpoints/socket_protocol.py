"""The socket of a page as uvicorn speaks it, with limits for who only makes work."""

from __future__ import annotations

import time
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import (
    WebSocketsSansIOProtocol,
)

# Parsed in one go before anybody else has a turn, which is some milliseconds.
FRAMES_AT_ONCE_MAX = 1_000
_SLICE_BYTES = 4 * 1024
# Pings and parts of messages: browsers ping not at all, and cut at 128 KB.
_PARTS_MAX = 200
_PARTS_PER_SECOND = 5


class SocketProtocol(WebSocketsSansIOProtocol):
    """One socket of a page.

    Messages are limited by the guard, which sees whole ones only. Who reads nothing
    is not read either, so that what waits for them does not grow.
    """

    _frames = 0
    _parts = 0
    _drained_at = 0.0

    def data_received(self, data: bytes) -> None:
        self._frames = 0
        for start in range(0, len(data), _SLICE_BYTES):
            super().data_received(data[start : start + _SLICE_BYTES])
            if self._frames > FRAMES_AT_ONCE_MAX or self._parts > _PARTS_MAX:
                self.transport.abort()
            if self.transport.is_closing():
                return

    def handle_events(self) -> None:
        self._frames += len(self.conn.events)
        super().handle_events()

    def handle_cont(self, event: Any) -> None:
        self._take_part()
        super().handle_cont(event)

    def handle_ping(self) -> None:
        self._take_part()
        super().handle_ping()

    def handle_pong(self, event: Any) -> None:
        self._take_part()
        super().handle_pong(event)

    async def receive(self) -> Any:
        await self.writable.wait()
        return await super().receive()

    def _take_part(self) -> None:
        now = time.monotonic()
        drained = int((now - self._drained_at) * _PARTS_PER_SECOND)
        if drained:
            self._parts, self._drained_at = max(0, self._parts - drained), now
        self._parts += 1
