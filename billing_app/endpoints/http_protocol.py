"""HTTP as uvicorn speaks it, with limits for who asks slowly or at too great length."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS_MAX = 30.0
HEAD_BYTES_MAX = 64 * 1024


class HttpProtocol(HttpToolsProtocol):
    """One connection of a browser.

    Uvicorn itself waits for the end of a head for ever, and keeps all of it. What
    follows the head is limited by the guard.
    """

    _head_bytes = 0
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._patience is not None:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self.transport.close()

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        self._stop_waiting()
        self._head_bytes = 0
        self._patience = self.loop.call_later(HEAD_SECONDS_MAX, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


def uvicorn_options() -> dict[str, Any]:
    """Return how uvicorn serves any of our apps.

    The socket of a page pings by itself; its messages are short, and to compress them
    would take more memory for each page than all else. The guard reads the headers of
    proxies, and a log of requests would show the secret part of portal links.
    """
    return {
        "http": HttpProtocol,
        "ws": "websockets-sansio",
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
