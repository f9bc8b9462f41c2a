"""Turn away what no page of ours sends: foreign, too large, too much."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
# Close code for a breach of policy, RFC 6455 section 7.4.1.
_POLICY_VIOLATION = 1008
_MEGABYTE = 1_000_000
# Characters of a message, and lists and objects in it, that are read in no time.
_SHORT_MESSAGE = 2_000
_FEW_LISTS = 50
# A character outside the first 65,536, or half of one, as JSON may write it.
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
# All sockets of one address together may send as much as so many that never rest.
_SHARE = 10


class Guard:
    """Checks every request and socket before anything else sees it.

    Attributes:
        origins: where our pages come from, as scheme://host:port.
        trusted_proxy_hops: proxies whose X-Forwarded-For is believed.
        open_paths: asked by machines that know no host name, such as probes.
        foreign_paths: prefixes that other sites' servers post to.
        body_max_bytes: longest body by path prefix; the longest prefix wins.
        sockets_max: open sockets of one address; an office may share one.
        events_per_second: how fast one socket may send for long; faster ones wait,
            and so does an address whose sockets send ten times that together.
        body_pause_seconds: longest silence in the middle of a body.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        origins: Sequence[str],
        trusted_proxy_hops: int = 0,
        open_paths: Sequence[str] = (),
        foreign_paths: Sequence[str] = (),
        body_max_bytes: Mapping[str, int] | None = None,
        sockets_max: int = 500,
        events_per_second: int = 50,
        body_pause_seconds: float = 20,
    ) -> None:
        self.app = app
        self._origins = frozenset(origins)
        self._hosts = frozenset(urlsplit(origin).netloc for origin in origins)
        self._trusted_proxy_hops = trusted_proxy_hops
        self._open_paths = tuple(open_paths)
        self._foreign_paths = tuple(foreign_paths)
        self._body_max_bytes = {"/": _MEGABYTE, **(body_max_bytes or {})}
        self._sockets_max = sockets_max
        self._events_per_second = events_per_second
        self._body_pause_seconds = body_pause_seconds
        self._sockets: Counter[str] = Counter()
        self._shared: defaultdict[str, _Bucket] = defaultdict(
            lambda: _Bucket(_SHARE * events_per_second)
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._guard_request(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._guard_socket(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _guard_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        refusal = (
            self._refuse_host(scope, headers)
            or self._refuse_origin(scope, headers)
            or self._refuse_length(scope, headers)
        )
        if refusal:
            await _answer(refusal)(scope, receive, send)
            return

        limited = _limit(
            receive, self._longest_body(scope["path"]), self._body_pause_seconds
        )
        # Who left in the middle of a body needs no answer, and the log no traceback.
        with suppress(ClientDisconnect):
            await self.app(scope, limited, send)

    async def _guard_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        # Programs send no Origin; a browser always does.
        is_ours = origin is None or origin in self._origins
        address = client_network(scope, headers, self._trusted_proxy_hops)
        is_full = self._sockets[address] >= self._sockets_max
        if self._refuse_host(scope, headers) or not is_ours or is_full:
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return

        self._sockets[address] += 1
        try:
            own = _Bucket(self._events_per_second)
            await self.app(scope, _slow_down(receive, own, self._shared[address]), send)
        finally:
            self._sockets[address] -= 1
            if not self._sockets[address]:
                del self._sockets[address], self._shared[address]

    def _refuse_host(self, scope: Scope, headers: Headers) -> HTTPException | None:
        if (
            headers.get("host", "").lower() in self._hosts
            or scope["path"] in self._open_paths
        ):
            return None
        return HTTPException(
            421,
            "This address is not the one the app is set up for. "
            "Its owner can change it with PUBLIC_URL.",
        )

    def _refuse_origin(self, scope: Scope, headers: Headers) -> HTTPException | None:
        if scope["method"] in _SAFE_METHODS:
            return None
        if scope["path"].startswith(self._foreign_paths):
            return None
        if is_same_origin(headers, self._origins):
            return None
        return HTTPException(
            403, "This form was sent from another site. Open the page and try again."
        )

    def _refuse_length(self, scope: Scope, headers: Headers) -> HTTPException | None:
        length = headers.get("content-length", "0")
        longest = self._longest_body(scope["path"])
        if length.isdigit() and int(length) <= longest:
            return None
        return _too_large(longest)

    def _longest_body(self, path: str) -> int:
        prefixes = [
            prefix for prefix in self._body_max_bytes if path.startswith(prefix)
        ]
        return self._body_max_bytes[max(prefixes, key=len)]


def is_same_origin(headers: Headers, origins: frozenset[str]) -> bool:
    """Tell whether one of our own pages, or no browser at all, sends this.

    Browsers say so in Sec-Fetch-Site. Our pages send no referrer, and then the
    Origin of a form is "null", so it decides only where the other is missing.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or origin in origins


def client_network(scope: Scope, headers: Headers, trusted_proxy_hops: int) -> str:
    """Return who is connected: an IPv4 address, or the /64 of an IPv6 one."""
    address = scope["client"][0] if scope.get("client") else ""
    # A proxy may add a header of its own behind the one that a browser made up.
    hops = ",".join(headers.getlist("x-forwarded-for")).split(",")
    forwarded = [hop.strip() for hop in hops if hop.strip()]
    if 0 < trusted_proxy_hops <= len(forwarded):
        address = forwarded[-trusted_proxy_hops]
    parsed = _parse_address(address)
    if parsed is None:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        # As a socket for both sees IPv4: all of it would be one household.
        parsed = parsed.ipv4_mapped
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _parse_address(
    text: str,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Read an address; some proxies write its port behind it."""
    for candidate in (text, text.rpartition(":")[0].strip("[]")):
        with suppress(ValueError):
            return ipaddress.ip_address(candidate)
    return None


def _limit(receive: Receive, longest: int, pause_seconds: float) -> Receive:
    """Stop reading a body that grows too long without saying so, or never ends."""
    received = 0
    is_complete = False

    async def receive_limited() -> Message:
        nonlocal received, is_complete
        if is_complete:
            # What comes next is the end of the connection, whenever that is.
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), pause_seconds)
        except TimeoutError:
            raise _too_slow() from None
        is_complete = not message.get("more_body", False)
        received += len(message.get("body", b""))
        if received > longest:
            # Starlette answers it where the body is read.
            raise _too_large(longest)
        return message

    return receive_limited


class _Bucket:
    """Drains evenly and holds four seconds' worth; what runs over has to wait."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._level = 0
        self._drained_at = time.monotonic()

    def fill(self, weight: int) -> float:
        """Put a message in; return how many seconds its sender waits."""
        now = time.monotonic()
        drained = int((now - self._drained_at) * self._per_second)
        if drained:
            self._level, self._drained_at = max(0, self._level - drained), now
        self._level += weight
        return max(0, self._level - 4 * self._per_second) / self._per_second


def _slow_down(receive: Receive, *buckets: _Bucket) -> Receive:
    """Let a socket send bursts, but for long only so many messages a second.

    A long message, or one of many lists, weighs as many short ones. Who sends
    faster is read slower: nothing is lost, and other visitors keep their turn.
    """

    async def receive_slowly() -> Message:
        while True:
            message = await receive()
            weight = _weigh(message)
            seconds = max([bucket.fill(weight) for bucket in buckets])
            if seconds:
                await asyncio.sleep(seconds)
            if _comes_from_somewhere(message):
                return message

    return receive_slowly


def _comes_from_somewhere(message: Message) -> bool:
    """Say whether the address that an event names can be said back to its page.

    Addresses of browsers are ASCII. Half a character in one, as a program may write
    it, would break the answer and so the socket. What was typed is for the doors.
    """
    text: str = message.get("text") or ""
    if not _HALF.search(text):
        return True
    try:
        said = json.loads(text[text.index(",") + 1 :])
        event = said[1] if isinstance(said, list) else said["event"]
        json.dumps(event["router_data"], ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    except (ValueError, LookupError, TypeError, RecursionError):
        # No event at all: nobody will answer it.
        return True
    return True


def _weigh(message: Message) -> int:
    """Return how many short messages take as long to read."""
    text: str = message.get("text") or ""
    length = len(text) or len(message.get("bytes") or b"")
    lists = text.count("[") + text.count("{")
    return 1 + length // _SHORT_MESSAGE + lists // _FEW_LISTS


def _too_large(longest: int) -> HTTPException:
    return HTTPException(
        413, f"This is too large. At most {longest // _MEGABYTE} MB can be sent."
    )


def _too_slow() -> HTTPException:
    return HTTPException(408, "The rest of this did not arrive. Please send it again.")


def _answer(refusal: HTTPException) -> PlainTextResponse:
    return PlainTextResponse(f"{refusal.detail}\n", refusal.status_code)
