import asyncio
import json

import httpx
import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from billing_app.endpoints.guard import Guard, client_network
from tests.support.asgi import accepts_sockets, http, open_socket

ORIGIN = "https://billing.example.com"
HOST = "billing.example.com"
HEADERS = {"headers": {"host": HOST}}


def app(**settings) -> Guard:
    async def read(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(len(await request.body())))

    paths = ("/", "/healthz", "/logo", "/webhooks/stripe/one")
    inner = Starlette(
        routes=[Route(path, read, methods=["GET", "POST"]) for path in paths]
    )
    return Guard(
        inner,
        origins=[ORIGIN],
        open_paths=("/healthz",),
        foreign_paths=("/webhooks/",),
        **settings,
    )


class TestHost:
    async def test_of_ours_is_served(self):
        async with http(app(), ORIGIN) as browser:
            assert (await browser.get("/")).status_code == 200

    async def test_of_ours_is_served_in_any_case_of_letters(self):
        async with http(app(), ORIGIN) as browser:
            answer = await browser.get("/", headers={"host": HOST.upper()})

        assert answer.status_code == 200

    @pytest.mark.parametrize("host", ["evil.example", f"{HOST}:81", "", "x@y"])
    async def test_of_others_is_refused_with_a_sentence(self, host: str):
        async with http(app(), ORIGIN) as browser:
            answer = await browser.get("/", headers={"host": host})

        assert answer.status_code == 421
        assert "PUBLIC_URL" in answer.text

    async def test_of_a_probe_does_not_matter(self):
        async with http(app(), "http://10.0.0.7:8000") as browser:
            assert (await browser.get("/healthz")).status_code == 200


class TestOrigin:
    @pytest.mark.parametrize(
        "headers",
        [
            {"origin": ORIGIN},
            {"origin": "null", "sec-fetch-site": "same-origin"},
            {"sec-fetch-site": "none"},
            {},
        ],
        ids=str,
    )
    async def test_our_own_pages_and_programs_may_post(self, headers):
        async with http(app(), ORIGIN) as browser:
            assert (await browser.post("/", headers=headers)).status_code == 200

    @pytest.mark.parametrize(
        "headers",
        [
            {"origin": "https://evil.example"},
            {"origin": "null"},
            {"origin": "http://billing.example.com"},
            {"origin": ORIGIN, "sec-fetch-site": "cross-site"},
            {"origin": ORIGIN, "sec-fetch-site": "same-site"},
        ],
        ids=str,
    )
    async def test_other_sites_may_not(self, headers):
        async with http(app(), ORIGIN) as browser:
            answer = await browser.post("/", headers=headers)

        assert answer.status_code == 403
        assert "another site" in answer.text

    async def test_other_sites_may_link_here(self):
        cross = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
        async with http(app(), ORIGIN) as browser:
            assert (await browser.get("/", headers=cross)).status_code == 200

    async def test_webhooks_come_from_elsewhere(self):
        foreign = {"origin": "https://stripe.example"}
        async with http(app(), ORIGIN) as browser:
            answer = await browser.post("/webhooks/stripe/one", headers=foreign)

        assert answer.status_code == 200


class TestBody:
    @staticmethod
    async def post(path: str, sent: int, *, in_pieces: bool) -> httpx.Response:
        async def pieces():
            for _ in range(sent // 100):
                yield b"x" * 100

        body = pieces() if in_pieces else b"x" * sent
        limited = app(body_max_bytes={"/": 1_000, "/logo": 5_000})
        async with http(limited, ORIGIN) as browser:
            return await browser.post(path, content=body)

    @pytest.mark.parametrize("in_pieces", [False, True])
    @pytest.mark.parametrize(("path", "sent"), [("/", 1_000), ("/logo", 5_000)])
    async def test_up_to_the_limit_is_read(self, path, sent, in_pieces):
        answer = await self.post(path, sent, in_pieces=in_pieces)

        assert (answer.status_code, answer.text) == (200, str(sent))

    @pytest.mark.parametrize("in_pieces", [False, True])
    @pytest.mark.parametrize(("path", "sent"), [("/", 1_100), ("/logo", 5_100)])
    async def test_above_it_is_refused(self, path, sent, in_pieces):
        answer = await self.post(path, sent, in_pieces=in_pieces)

        assert answer.status_code == 413
        assert "too large" in answer.text

    async def test_that_stops_in_the_middle_is_not_waited_for(self):
        async def stalled():
            yield b"x"
            await asyncio.Event().wait()

        async with http(app(body_pause_seconds=0.01), ORIGIN) as browser:
            answer = await browser.post("/", content=stalled())

        assert answer.status_code == 408
        assert "did not arrive" in answer.text

    async def test_of_who_leaves_in_the_middle_needs_no_answer(self):
        scope = {"type": "http", "method": "POST", "path": "/", "client": None}
        scope |= {"headers": [(b"host", HOST.encode())], "query_string": b""}
        sent = []

        async def read(scope, receive, send):
            await PlainTextResponse(await Request(scope, receive).body())(
                scope, receive, send
            )

        async def leave():
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        await Guard(read, origins=[ORIGIN])(scope, leave, send)

        assert sent == []

    async def test_a_length_that_is_no_number_is_refused(self):
        async with http(app(), ORIGIN) as browser:
            answer = await browser.post("/", headers={"content-length": "-5"})

        assert answer.status_code == 413


class TestSockets:
    def guard(self, **settings) -> Guard:
        return Guard(accepts_sockets, origins=[ORIGIN], **settings)

    async def test_of_our_pages_and_of_programs_are_accepted(self):
        for headers in ({"host": HOST, "origin": ORIGIN}, {"host": HOST}):
            sent = await open_socket(self.guard(), headers=headers)
            assert sent == [{"type": "websocket.accept"}]

    @pytest.mark.parametrize(
        "headers",
        [
            {"host": HOST, "origin": "https://evil.example"},
            {"host": HOST, "origin": "null"},
            {"host": "evil.example", "origin": ORIGIN},
        ],
        ids=str,
    )
    async def test_of_other_sites_are_closed_unopened(self, headers):
        sent = await open_socket(self.guard(), headers=headers)

        assert sent == [{"type": "websocket.close", "code": 1008}]

    async def test_of_one_address_are_counted_while_open(self):
        guard = self.guard(sockets_max=1)
        meanwhile = {}

        async def stays_open(scope, receive, send):
            guard.app = accepts_sockets
            for client in ("192.0.2.1", "192.0.2.9"):
                meanwhile[client] = await open_socket(guard, client=client, **HEADERS)
            await accepts_sockets(scope, receive, send)

        guard.app = stays_open
        await open_socket(guard, client="192.0.2.1", **HEADERS)
        afterwards = await open_socket(guard, client="192.0.2.1", **HEADERS)

        assert meanwhile["192.0.2.1"] == [{"type": "websocket.close", "code": 1008}]
        assert meanwhile["192.0.2.9"] == [{"type": "websocket.accept"}]
        assert afterwards == [{"type": "websocket.accept"}]


class TestClientNetwork:
    def of(self, forwarded: str, hops: int, client: str = "192.0.2.1") -> str:
        headers = Headers({"x-forwarded-for": forwarded} if forwarded else {})
        return client_network({"client": (client, 1)}, headers, hops)

    def test_is_the_peer_when_no_proxy_is_trusted(self):
        assert self.of("203.0.113.5", hops=0) == "192.0.2.1"

    def test_is_what_the_trusted_proxy_saw(self):
        assert self.of("6.6.6.6, 203.0.113.5", hops=1) == "203.0.113.5"

    def test_is_not_what_a_header_before_the_proxy_s_own_says(self):
        forged, own = ((b"x-forwarded-for", x) for x in (b"6.6.6.6", b"203.0.113.5"))
        headers = Headers(raw=[forged, own])

        seen = client_network({"client": ("192.0.2.1", 1)}, headers, 1)

        assert seen == "203.0.113.5"

    def test_is_the_same_whatever_port_the_proxy_writes_behind_it(self):
        assert self.of("203.0.113.5:4711", hops=1) == "203.0.113.5"
        assert self.of("[2001:db8:1:2::1]:4711", hops=1) == "2001:db8:1:2::/64"

    def test_of_ipv4_in_ipv6_clothes_is_one_address_not_all_of_them(self):
        assert self.of("", 0, "::ffff:192.0.2.7") == "192.0.2.7"

    def test_is_the_peer_when_the_proxy_says_nothing(self):
        assert self.of("", hops=1) == "192.0.2.1"

    def test_of_ipv6_is_the_network_of_one_household(self):
        near = self.of("", 0, "2001:db8:1:2::1")

        assert near == self.of("", 0, "2001:db8:1:2:ffff::9")
        assert near != self.of("", 0, "2001:db8:1:3::1")


class TestManyMessages:
    @pytest.fixture
    def waited(self, monkeypatch) -> list[float]:
        waited: list[float] = []

        async def sleep(seconds: float) -> None:
            waited.append(seconds)

        monkeypatch.setattr("billing_app.endpoints.guard.asyncio.sleep", sleep)
        return waited

    async def test_are_read_slower_and_none_is_lost(self, waited: list[float]):
        read = 0

        async def reads_everything(scope, receive, send):
            nonlocal read
            for _ in range(6):
                await receive()
                read += 1

        guard = Guard(reads_everything, origins=[ORIGIN], events_per_second=1)
        await open_socket(guard, **HEADERS)

        # A burst of four is free, then each waits longer.
        assert read == 6
        assert waited == [1.0, 2.0]

    @pytest.mark.parametrize("text", ["x" * 10_000, "[{" * 125], ids=["long", "deep"])
    async def test_a_long_one_weighs_as_many_short_ones(
        self, waited: list[float], text: str
    ):
        async def reads_two(scope, receive, send):
            await receive()
            await receive()

        guard = Guard(reads_two, origins=[ORIGIN], events_per_second=1)
        await open_socket(guard, text=text, **HEADERS)

        assert waited == [2.0, 8.0]

    async def test_of_many_sockets_of_one_address_share_a_measure(
        self, waited: list[float]
    ):
        async def reads_four(scope, receive, send):
            for _ in range(4):
                await receive()
            await others()

        async def others() -> None:
            if len(opened) < 11:
                opened.append(1)
                await open_socket(guard, **HEADERS)

        opened: list[int] = []
        guard = Guard(reads_four, origins=[ORIGIN], events_per_second=1)
        await open_socket(guard, **HEADERS)

        # Ten sockets may send their burst of four; the next two wait for it.
        assert len(opened) == 11
        assert waited == [pytest.approx(extra / 10) for extra in range(1, 9)]


def event_at(path: str, **typed: str) -> str:
    """Return an event of a page at this address, as JSON of ASCII alone."""
    place = {"pathname": path, "asPath": path}
    event = {"name": "any", "payload": typed, "router_data": place}
    return f'42/_event,["event",{json.dumps(event)}]'


def connecting_at(path: str) -> str:
    """Return the same, said by connecting."""
    event = {"name": "any", "router_data": {"pathname": path}}
    return f"40/_event,{json.dumps({'event': event})}"


async def read_of(text: str) -> list[str]:
    """Return what the app behind the guard reads of this and one more message."""
    read: list[str] = []
    waiting = iter([text, "the last"])

    async def reads_all(scope, receive, send) -> None:
        while "the last" not in read:
            read.append((await receive())["text"])

    async def receive() -> dict[str, str]:
        return {"type": "websocket.receive", "text": next(waiting)}

    async def send(message) -> None:
        raise AssertionError(message)

    scope = {"type": "websocket", "path": "/", "client": ("192.0.2.1", 1)}
    headers = [(b"host", HOST.encode())]
    await Guard(reads_all, origins=[ORIGIN])(
        {**scope, "headers": headers}, receive, send
    )
    return read


class TestWhatIsSaid:
    @pytest.mark.parametrize(
        "text",
        [
            # What was typed is for the handler, which says what is wrong with it.
            event_at("/p/a", body="half \ud83d"),
            event_at("/p/\U0001f6d2", body="\U0001f6d2"),
            connecting_at("/p/\U0001f6d2"),
            *("42/_event", "42/_event,[\\ud83d", '42/_event,["\\ud83d"]'),
        ],
    )
    async def test_is_read(self, text: str):
        assert await read_of(text) == [text, "the last"]

    @pytest.mark.parametrize("say", [event_at, connecting_at])
    @pytest.mark.parametrize("path", ["/p/\ud83d", "/\udc00\ud83d", "/p/a?x=\udfff"])
    async def test_is_not_where_it_comes_from_half_a_character(self, say, path: str):
        assert await read_of(say(path)) == ["the last"]
