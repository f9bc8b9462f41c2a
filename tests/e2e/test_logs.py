"""What a browser sends in confidence does not reach the log of the server."""

from __future__ import annotations

import json

import httpx
from websockets import Origin
from websockets.sync.client import connect

from tests.support.process import Server, wait_until

COOKIE = "tallyport=SECRET-SESSION"
TOKEN = "SECRET-CLIENT-TOKEN"
LINK = "SECRET-LINK-0123456789"


def send_unknown_event(server: Server) -> None:
    """Act as a page of an older release: its handler does not exist any more."""
    event = {
        "token": TOKEN,
        "name": "gone.state.sign_in",
        "payload": {"password": "SECRET-PASSWORD", "code": "SECRET-123456"},
        "router_data": {"pathname": f"/p/{LINK}", "asPath": f"/p/{LINK}"},
    }
    address = server.base_url.replace("http", "ws", 1)
    with connect(
        f"{address}/_event/?EIO=4&transport=websocket&token={TOKEN}",
        origin=Origin(server.base_url),
        additional_headers={"Cookie": COOKIE},
    ) as socket:
        # Engine.IO 4 and Socket.IO 5: 40 connects a namespace, 42 sends an event.
        socket.send("40/_event,")
        socket.send(f'42/_event,["event",{json.dumps(event)}]')
        wait_until(lambda: "gone.state" in server.log.read_text())


def test_an_event_nobody_knows_is_logged_without_its_secrets(server: Server):
    send_unknown_event(server)
    httpx.get(f"{server.base_url}/p/{LINK}")

    logged = server.log.read_text()
    assert "SECRET" not in logged
    assert "Traceback" not in logged
