"""A page's socket as it is served: who only makes work is cut off."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Frame, Opcode
from websockets.sync.client import ClientConnection, connect

from tests.support.server import free_port, served


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    port = free_port()
    with served(Starlette(routes=[WebSocketRoute("/", echo)]), port):
        yield port


def opened(port: int) -> ClientConnection:
    return connect(f"ws://127.0.0.1:{port}/", max_size=None)


def send_raw(page: ClientConnection, data: bytes) -> None:
    with page.protocol_mutex:
        page.socket.sendall(data)


def framed(opcode: Opcode, data: bytes = b"", *, is_last: bool = True) -> bytes:
    frame = Frame(opcode, data, fin=is_last)
    return frame.serialize(mask=True, extensions=[])


def read_all(page: ClientConnection) -> Iterator[str | bytes]:
    with suppress(ConnectionClosedError):
        while True:
            yield page.recv(timeout=10)


def is_cut_off(page: ClientConnection) -> bool:
    try:
        page.recv(timeout=10)
    except ConnectionClosedError:
        return True
    return False


@pytest.mark.parametrize("opcode", [Opcode.PING, Opcode.PONG], ids=["pings", "pongs"])
def test_a_flood_without_messages_is_cut_off(port: int, opcode: Opcode):
    with opened(port) as page:
        send_raw(page, framed(opcode, b"x") * 1_000)

        assert is_cut_off(page)


def test_a_message_of_parts_without_end_is_cut_off(port: int):
    with opened(port) as page:
        send_raw(page, framed(Opcode.TEXT, b"x", is_last=False))
        send_raw(page, framed(Opcode.CONT, is_last=False) * 1_000)

        assert is_cut_off(page)


def test_a_message_of_some_parts_arrives_among_pings(port: int):
    with opened(port) as page:
        for _ in range(50):
            page.ping()
        page.send(iter(["part "] * 50))

        assert page.recv(timeout=10) == "part " * 50


def test_more_messages_than_anybody_types_are_cut_off(port: int):
    with opened(port) as page:
        send_raw(page, framed(Opcode.TEXT, b"many") * 20_000)

        assert len(list(read_all(page))) < 20_000
