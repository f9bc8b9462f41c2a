"""One tab of a browser as its socket is: no page, only what is sent and heard."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from reflex_base.constants import CompileVars
from reflex_base.utils.format import format_event_handler
from websockets import Origin
from websockets.sync.client import ClientConnection, connect

from tests.support.process import Server

_SECONDS = 15


class Tab:
    """A socket that is open. Engine.IO 4 and Socket.IO 5, as Reflex speaks them.

    Attributes:
        path: where the tab says that it is.
        heard: all that was sent to it, as text.
    """

    def __init__(self, socket: ClientConnection, path: str) -> None:
        self._socket, self.path, self.heard = socket, path, ""

    def send(self, name: str, **payload: Any) -> None:
        """Send an event by its full name, as any program could."""
        event = _event(name, payload, self.path)
        self.say(f'42/_event,["event",{json.dumps(event)}]')

    def press(self, handler: Any, **payload: Any) -> None:
        self.send(format_event_handler(handler), **payload)

    def say(self, text: str) -> None:
        self._socket.send(text)

    def listen_for(self, words: str) -> str:
        """Listen until something has these words; return what was heard since before.

        Raises:
            TimeoutError: nobody said them.
        """
        heard = ""
        while words not in heard:
            told = str(self._socket.recv(timeout=_SECONDS))
            if told == "2":
                self.say("3")
            heard += told
        self.heard += heard
        return heard


def _event(name: str, payload: dict[str, Any], path: str) -> dict[str, Any]:
    place = {"pathname": path, "asPath": path, "query": {}}
    return {"name": name, "payload": payload, "router_data": place}


@contextmanager
def tab(
    server: Server, token: str, path: str, first: Any = None, **payload: Any
) -> Iterator[Tab]:
    """Open the socket of a page, under the token that a browser has made up.

    Args:
        first: the handler that is called by connecting, as a page hydrates.
    """
    address = server.base_url.replace("http", "ws", 1)
    with connect(
        f"{address}/_event/?EIO=4&transport=websocket&token={token}",
        origin=Origin(server.base_url),
        max_size=None,
    ) as socket:
        opened = Tab(socket, path)
        boots = first and {
            CompileVars.CONNECT_AUTH_EVENT: _event(
                format_event_handler(first), payload, path
            )
        }
        opened.say(f"40/_event,{json.dumps(boots) if boots else ''}")
        opened.listen_for("40/_event")
        yield opened
