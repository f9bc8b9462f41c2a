"""HTTP as it is served: who asks slowly or at too great length is cut off."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from billing_app.endpoints import http_protocol
from tests.support.server import free_port, served


async def hello(_: object) -> PlainTextResponse:
    return PlainTextResponse("hello")


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    app = Starlette(routes=[Route("/", hello), WebSocketRoute("/socket", echo)])
    port = free_port()
    with served(app, port):
        yield port


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        yield connection


def read_all(connection: socket.socket) -> bytes:
    """Read until the server closes; it may have thrown away what was on its way."""
    read = b""
    with suppress(ConnectionResetError):
        while chunk := connection.recv(65_536):
            read += chunk
    return read


HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


def test_a_connection_answers_one_request_after_another(port: int):
    with connected(port) as connection:
        for _ in range(3):
            connection.sendall(HEAD + b"\r\n")
            assert connection.recv(65_536).endswith(b"hello")


@pytest.mark.parametrize("begin", [b"", HEAD], ids=["silent", "in the middle"])
def test_who_does_not_finish_a_head_is_cut_off(
    port: int, begin: bytes, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS_MAX", 0.2)

    with connected(port) as connection:
        connection.sendall(begin)

        assert read_all(connection) == b""


def test_a_second_head_has_to_come_in_time_too(
    port: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS_MAX", 0.2)

    with connected(port) as connection:
        connection.sendall(HEAD + b"\r\n" + HEAD)

        assert read_all(connection).endswith(b"hello")


def test_a_head_without_an_end_is_cut_off(port: int):
    filler = b"X-Filler: " + b"x" * 1_000 + b"\r\n"

    with connected(port) as connection:
        connection.sendall(HEAD + filler * 50 + b"\r\n")
        assert connection.recv(65_536).endswith(b"hello")
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(HEAD + filler * 100)

        assert read_all(connection) == b""


def test_a_socket_takes_words_but_no_book(port: int):
    with connect(f"ws://127.0.0.1:{port}/socket") as page:
        page.send("word")
        assert page.recv() == "word"
        page.send("x" * 2_000_000)

        with pytest.raises(ConnectionClosedError):
            page.recv()


def test_a_socket_is_not_compressed(port: int):
    with connect(f"ws://127.0.0.1:{port}/socket") as page:
        assert page.response is not None
        assert "Sec-WebSocket-Extensions" not in page.response.headers
