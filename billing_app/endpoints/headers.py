"""Security and cache headers on every response."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Header = tuple[bytes, bytes]

# An inner layer says so of its answer; browsers never see it.
TAKES_CARD = (b"tallyport-takes-card", b"1")

_SCRIPT = re.compile(rb"<script(?P<attributes>[^>]*)>(?P<body>.*?)</script>", re.S)
# The build writes a hash of the content into these names.
_HASHED = re.compile(r"/assets/.+-[\w-]{8}\.\w+")
_SHELL = "__spa-fallback"
_POLICY = b"content-security-policy"
_POLICY_OF_FILES = (_POLICY, b"default-src 'none'; frame-ancestors 'none'")
_IMMUTABLE = b"public, max-age=31536000, immutable"
_WEEK = b"public, max-age=604800"


class SecurityHeaders:
    """Adds what an inner layer has not set itself.

    Files of the build may be kept by browsers. Everything else, pages included,
    is private: not stored, not indexed.
    """

    def __init__(
        self,
        app: ASGIApp,
        client: Path,
        *,
        origins: Iterable[str],
        checkout_origins: Iterable[str],
        card_sources: Mapping[str, Iterable[str]],
    ) -> None:
        """Read the build; `card_sources` is what a page that takes cards adds."""
        self.app = app
        origins, checkouts = tuple(origins), tuple(checkout_origins)
        self._files = public_files(client)
        self._policies = page_policies(client, origins, checkouts)
        self._card_policy = page_policies(client, origins, checkouts, card_sources)[
            _SHELL
        ]
        self._always = _headers(
            {
                "x-content-type-options": "nosniff",
                "x-frame-options": "DENY",
                "referrer-policy": "no-referrer",
                "cross-origin-opener-policy": "same-origin-allow-popups",
                "cross-origin-resource-policy": "same-origin",
                "permissions-policy": "camera=(), microphone=(), geolocation=(), "
                'payment=(self "https://js.stripe.com")',
            }
        )
        if origins[0].startswith("https://"):
            self._always += _headers(
                {"strict-transport-security": "max-age=31536000; includeSubDomains"}
            )
        self._private = _headers(
            {
                "cache-control": "no-store",
                "x-robots-tag": "noindex, nofollow, noarchive",
            }
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = list(message.get("headers", ()))
                names = {name.lower() for name, _ in present}
                wanted = self._wanted(scope, message["status"], present)
                present = _vary_once(
                    [header for header in present if header[0] != TAKES_CARD[0]]
                )
                missing = [header for header in wanted if header[0] not in names]
                message = {**message, "headers": [*present, *missing]}
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _wanted(
        self, scope: Scope, status: int, present: Iterable[Header]
    ) -> tuple[Header, ...]:
        path = scope["path"]
        if path in self._files and status < 400:
            kept = (b"cache-control", _how_long(path, scope["query_string"]))
            return (*self._always, kept, _POLICY_OF_FILES)
        if not any(value.startswith(b"text/html") for _, value in present):
            return (*self._always, *self._private, _POLICY_OF_FILES)
        policy = self._policies.get(path.rstrip("/"), self._policies[_SHELL])
        if TAKES_CARD in present:
            policy = self._card_policy
        return (*self._always, *self._private, (_POLICY, policy))


def page_policies(
    client: Path,
    origins: tuple[str, ...],
    checkout_origins: tuple[str, ...],
    more: Mapping[str, Iterable[str]] = MappingProxyType({}),
) -> dict[str, bytes]:
    """Return the policy of each built page by its path; the shell's is for the rest."""
    return {
        _page_path(page.relative_to(client)): content_security_policy(
            inline_script_hashes(page.read_bytes()), origins, checkout_origins, more
        ).encode()
        for page in (client / f"{_SHELL}.html", *client.rglob("*.html"))
    }


def content_security_policy(
    script_hashes: Iterable[str],
    origins: Iterable[str],
    checkout_origins: Iterable[str],
    more: Mapping[str, Iterable[str]] = MappingProxyType({}),
) -> str:
    """Allow our own files and the scripts of the build, and `more` by directive.

    The socket's addresses are spelt out, since not every browser counts ws: as
    'self'; the policy has no way to write an IPv6 address. Styles need
    'unsafe-inline': components set them at run time.
    """
    named = (origin for origin in origins if "[" not in origin)
    sockets = [re.sub("^http", "ws", origin) for origin in named]
    sources = {
        "default-src": ["'none'"],
        "script-src": ["'self'", *script_hashes],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'", *sockets],
        "manifest-src": ["'self'"],
        "form-action": ["'self'", *checkout_origins],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    for name, allowed in more.items():
        sources[name] = [*sources.get(name, ()), *allowed]
    return "; ".join(f"{name} {' '.join(allowed)}" for name, allowed in sources.items())


def inline_script_hashes(page: bytes) -> tuple[str, ...]:
    """Return the policy's hashes of all scripts written into a built page."""
    found: set[str] = set()
    for script in _SCRIPT.finditer(page):
        if script["body"] and b"src=" not in script["attributes"]:
            digest = hashlib.sha256(script["body"]).digest()
            found.add(f"'sha256-{base64.b64encode(digest).decode()}'")
    return tuple(sorted(found))


def public_files(client: Path) -> frozenset[str]:
    """Return the paths of the build's files that are not pages."""
    return frozenset(
        f"/{file.relative_to(client).as_posix()}"
        for file in client.rglob("*")
        if file.is_file() and file.suffix not in (".html", ".data")
    )


def _how_long(path: str, query: bytes) -> bytes:
    """Keep for good what changes its address with its content."""
    if _HASHED.fullmatch(path) or query.startswith(b"v="):
        return _IMMUTABLE
    return _WEEK if path.endswith(".woff2") else b"no-cache"


def _page_path(page: Path) -> str:
    """index.html is the page of its folder: a/index.html is at /a, or a.html."""
    path = page.with_suffix("").as_posix()
    if path == _SHELL:
        return _SHELL
    return f"/{path}".removesuffix("/index")


def _vary_once(headers: list[Header]) -> list[Header]:
    """Name each header once that an answer varies by: several layers add the same."""
    named = [value for name, value in headers if name.lower() == b"vary"]
    if not named:
        return headers
    once = dict.fromkeys(word.strip() for value in named for word in value.split(b","))
    others = [header for header in headers if header[0].lower() != b"vary"]
    return [*others, (b"vary", b", ".join(once))]


def _headers(values: dict[str, str]) -> tuple[Header, ...]:
    return tuple((name.encode(), value.encode()) for name, value in values.items())
