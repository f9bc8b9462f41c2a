"""HTTP as it is served: who asks slowly or at too great length is cut off."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Semaphore

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from billing_app.endpoints import http_protocol
from tests.support.server import free_port, served


async def hello(_: object) -> PlainTextResponse:
    return PlainTextResponse("hello")


# Released for each request that is being answered at length.
reached = Semaphore(0)


async def slowly(_: object) -> StreamingResponse:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"begin"
        reached.release()
        await asyncio.Event().wait()

    return StreamingResponse(pieces())


async def tell(request: Request) -> JSONResponse:
    reached.release()
    body = await request.body()
    return JSONResponse([sorted(request.headers), len(body)])


async def much(_: object) -> PlainTextResponse:
    return PlainTextResponse("x" * 20_000_000)


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    app = Starlette(
        routes=[
            Route("/", hello),
            Route("/much", much),
            Route("/tell", tell, methods=["POST"]),
            WebSocketRoute("/socket", echo),
        ]
    )
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


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


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


@pytest.mark.parametrize(
    ("announced", "late"),
    [(b"", b"\r\n"), (b"Content-Length: 1000\r\n", b"x")],
    ids=["a line break", "the rest of a body"],
)
def test_who_sends_no_request_after_an_answer_is_cut_off(
    port: int, announced: bytes, late: bytes, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS_MAX", 0.5)

    with connected(port) as connection:
        connection.sendall(HEAD + announced + b"\r\n")
        assert connection.recv(65_536).endswith(b"hello")
        connection.sendall(late)

        assert read_all(connection) == b""


def test_the_rest_of_a_body_restarts_no_timer(
    port: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS_MAX", 0.5)

    with connected(port) as connection:
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
        assert connection.recv(65_536).endswith(b"hello")
        connection.settimeout(0.1)
        with suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(20):
                connection.sendall(b"x")
                try:
                    assert connection.recv(65_536) == b""
                    break
                except TimeoutError:
                    continue
            else:
                pytest.fail("it was never cut off")


def test_a_page_opened_after_an_answer_stays_open(
    port: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS_MAX", 0.2)

    with connected(port) as connection:
        connection.sendall(HEAD + b"\r\n")
        assert connection.recv(65_536).endswith(b"hello")
        with connect(f"ws://127.0.0.1:{port}/socket", sock=connection) as page:
            with pytest.raises(TimeoutError):
                page.recv(timeout=0.5)
            page.send("word")

            assert page.recv() == "word"


def test_a_head_without_an_end_is_cut_off(port: int):
    filler = b"X-Filler: " + b"x" * 1_000 + b"\r\n"

    with connected(port) as connection:
        connection.sendall(HEAD + filler * 50 + b"\r\n")
        assert connection.recv(65_536).endswith(b"hello")
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(HEAD + filler * 100)

        assert read_all(connection) == b""


CHUNKED = b"POST /tell HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_a_trailer_is_no_header(port: int):
    with connected(port) as connection:
        trailer = b"X-Forwarded-For: 192.0.2.1\r\n"
        connection.sendall(CHUNKED + b"3\r\na=b\r\n0\r\n" + trailer + b"\r\n")
        answer = connection.recv(65_536)

    assert answer.endswith(b'[["host","transfer-encoding"],3]')


@pytest.mark.parametrize(
    ("begin", "filler"),
    [
        (b"0\r\n", b"X-Trailer: " + b"x" * 1_000 + b"\r\n"),
        (b"0\r\nX-Trailer: ", b"x" * 1_000),
        (b"3;", b"x" * 1_000),
    ],
    ids=["trailers", "trailer", "extension of a chunk"],
)
def test_a_body_whose_frame_has_no_end_is_cut_off(
    port: int, begin: bytes, filler: bytes
):
    with connected(port) as connection:
        connection.sendall(CHUNKED + b"3\r\na=b\r\n" + begin)
        with suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(20):
                connection.sendall(filler * 100)

        assert b"200 OK" not in read_all(connection)


def test_a_body_may_come_in_small_chunks(port: int):
    with connected(port) as connection:
        connection.sendall(CHUNKED + b"1\r\nx\r\n" * 100_000 + b"0\r\n\r\n")

        assert connection.recv(65_536).endswith(b",100000]")


def test_few_requests_wait_behind_one(port: int):
    with connected(port) as connection:
        connection.sendall((HEAD + b"\r\n") * 15)
        read = b""
        while read.count(b"hello") < 15:
            read += connection.recv(65_536)
    with connected(port) as connection:
        connection.sendall((HEAD + b"\r\n") * 200)

        assert read_all(connection).count(b"hello") < 50


def test_who_takes_nothing_of_an_answer_is_forgotten(
    port: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(http_protocol, "UNREAD_SECONDS_MAX", 0.5)
    wait_until(lambda: not http_protocol._connections)

    with connected(port) as connection:
        connection.sendall(HEAD.replace(b"/ ", b"/much ") + b"\r\n")
        wait_until(lambda: http_protocol._connections.total() == 1)
        wait_until(lambda: not http_protocol._connections)

        assert len(read_all(connection)) < 20_000_000


def test_of_one_address_only_so_many_are_connected():
    app, port = Starlette(routes=[Route("/", hello)]), free_port()

    with served(app, port, connections_max=2), ExitStack() as held:
        wait_until(lambda: not http_protocol._connections)
        for _ in range(2):
            held.enter_context(connected(port)).sendall(HEAD + b"\r\n")
        wait_until(lambda: http_protocol._connections.total() == 2)
        with connected(port) as one_more:
            assert read_all(one_more) == b""
        held.close()
        wait_until(lambda: not http_protocol._connections)

        with connected(port) as later:
            later.sendall(HEAD + b"\r\n")
            assert later.recv(65_536).endswith(b"hello")


def test_an_open_page_is_no_connection_that_counts(port: int):
    wait_until(lambda: not http_protocol._connections)

    with connect(f"ws://127.0.0.1:{port}/socket") as page:
        page.send("word")
        assert page.recv() == "word"
        assert not http_protocol._connections


def test_a_server_that_stops_makes_no_noise_of_who_it_cuts_off(
    caplog: pytest.LogCaptureFixture,
):
    routes = [Route("/tell", tell, methods=["POST"]), Route("/long", slowly)]
    port = free_port()
    while reached.acquire(blocking=False):
        pass

    with ExitStack() as held:
        with served(Starlette(routes=routes), port, timeout_graceful_shutdown=0.1):
            for begin in (CHUNKED, HEAD.replace(b"/ ", b"/long ") + b"\r\n"):
                held.enter_context(connected(port)).sendall(begin)
            reached.acquire(timeout=10)
            reached.acquire(timeout=10)
        told = [record.getMessage() for record in caplog.records]

    assert told == ["Cancel 2 running task(s), timeout graceful shutdown exceeded"]


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
