"""HTTP as uvicorn speaks it, with limits for who asks slowly or at too great length."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from functools import partial
from typing import Any

from starlette.datastructures import Headers
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from billing_app.endpoints.guard import client_network
from billing_app.endpoints.socket_protocol import SocketProtocol

HEAD_SECONDS_MAX = 30.0
HEAD_BYTES_MAX = 64 * 1024
# No browser sends a request before the former one is answered.
PIPELINE_MAX = 20
# After so long without taking any of what was sent to it, a reader is gone.
UNREAD_SECONDS_MAX = 30.0
# Of one address; a browser opens six. Those of open pages the guard counts.
CONNECTIONS_MAX = 500

_connections: Counter[str] = Counter()


class _TooMany(Exception):
    """Makes the parser stop at once."""


class HttpProtocol(HttpToolsProtocol):
    """One connection of a browser.

    Uvicorn itself waits for the end of a head for ever, and keeps all of it, and of
    the trailers that may follow a body. Bodies are limited by the guard.

    Attributes:
        connections_max: open connections of one address, or None where all come
            from a proxy.
    """

    _bare_bytes = 0
    _has_body_come = False
    _is_in_head = True
    _is_in_message = False
    _address = ""
    _patience: asyncio.TimerHandle | None = None
    _answering: Any = None

    def __init__(
        self, *args: Any, connections_max: int | None = None, **known: Any
    ) -> None:
        super().__init__(*args, **known)
        self._connections_max = connections_max

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client:
            _forget_who_reads_nothing(transport)
        self._expect_head()
        self._count()

    def handle_websocket_upgrade(self) -> None:
        self._uncount()
        super().handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head = self._is_in_message = True
        self._expect_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        # A trailer is no header: nobody may add one behind those of a proxy.
        if self._is_in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._stop_waiting()
        super().on_headers_complete()
        if len(self.pipeline) > PIPELINE_MAX:
            raise _TooMany

    def on_body(self, body: bytes) -> None:
        self._has_body_come = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._is_in_message = False
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        self._has_body_come = False
        super().data_received(data)
        if self._has_body_come:
            self._bare_bytes = 0
        elif self._is_in_message:
            # Of a head, a chunk's extension or a trailer without an end.
            self._bare_bytes += len(data)
            if self._bare_bytes > HEAD_BYTES_MAX:
                self.transport.close()
        if self._is_idle_for_ever():
            self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._uncount()
        if self._answering is not None:
            # Uvicorn tells only the last of several, and the others write on.
            self._answering.disconnected = True
            self._answering.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._answering = cycle

        async def answer(scope: Any, receive: Any, send: Any) -> None:
            try:
                await app(scope, receive, send)
            except asyncio.CancelledError:
                # The server stops and has waited long enough, which is no error.
                cycle.disconnected = True
                self.transport.abort()

        super()._start_asgi_task(cycle, answer)

    def _count(self) -> None:
        self._address = client_network({"client": self.client}, Headers(), 0)
        _connections[self._address] += 1
        count, most = _connections[self._address], self._connections_max
        if most is not None and count > most:
            self.transport.abort()

    def _uncount(self) -> None:
        _connections[self._address] -= 1
        if not _connections[self._address]:
            del _connections[self._address]

    def _is_idle_for_ever(self) -> bool:
        """Say whether what came ended uvicorn's patience and began no request.

        A line break does, or the rest of a body that is answered already.
        """
        return (
            self._patience is None
            and self.timeout_keep_alive_task is None
            # Uvicorn has none before the first request.
            and bool(self.cycle)
            and self.cycle.response_complete
            # An open page is not idle.
            and self.transport.get_protocol() is self
        )

    def _expect_head(self) -> None:
        self._stop_waiting()
        self._bare_bytes = 0
        self._patience = self.loop.call_later(HEAD_SECONDS_MAX, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


def _forget_who_reads_nothing(transport: asyncio.Transport) -> None:
    """Let the system end a connection whose peer takes nothing, even a closed one."""
    # Other systems than Linux have no such option; there a proxy has to do it.
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        connection = transport.get_extra_info("socket")
        milliseconds = int(UNREAD_SECONDS_MAX * 1000)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)


def uvicorn_options(*, connections_max: int | None = None) -> dict[str, Any]:
    """Return how uvicorn serves any of our apps.

    The socket of a page pings by itself; its messages are short, and to compress them
    would take more memory for each page than all else. The guard reads the headers of
    proxies, and a log of requests would show the secret part of portal links.
    """
    return {
        "http": partial(HttpProtocol, connections_max=connections_max),
        "ws": SocketProtocol,
        "ws_max_size": 1 << 20,
        "ws_ping_interval": None,
        "ws_per_message_deflate": False,
        "proxy_headers": False,
        "server_header": False,
        "access_log": False,
        "log_config": None,
        "log_level": "warning",
        # Proxies keep their connections for a while, and would be cut off in between.
        "timeout_keep_alive": 30,
        # Open sockets never end by themselves; five seconds is for requests.
        "timeout_graceful_shutdown": 5,
    }
