import base64
import hashlib
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

from billing_app.endpoints.headers import TAKES_CARD, SecurityHeaders
from billing_app.settings import STRIPE_SOURCES
from tests.support.asgi import http, make_client_folder

HTTPS = ("https://billing.example.com",)


@pytest.fixture
def client(tmp_path: Path) -> Path:
    return make_client_folder(tmp_path)


def app(client: Path, origins=("http://localhost:8000",)) -> SecurityHeaders:
    async def page(_):
        return HTMLResponse("<h1>page</h1>")

    async def card(_):
        answer = HTMLResponse("<h1>page</h1>")
        answer.raw_headers.append(TAKES_CARD)
        return answer

    async def pdf(_):
        return Response(b"%PDF", media_type="application/pdf")

    async def kept(_):
        return PlainTextResponse("x", headers={"Cache-Control": "max-age=60"})

    inner = Starlette(
        routes=[
            Route("/p/card", card),
            Route("/p/{token}", page),
            Route("/p/{token}/pdf", pdf),
            Route("/kept", kept),
        ]
    )
    inner.mount("/", StaticFiles(directory=client, html=True))
    return SecurityHeaders(
        inner,
        client,
        origins=origins,
        checkout_origins=("https://checkout.stripe.com",),
        card_sources=STRIPE_SOURCES,
    )


def hash_of(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


async def policy_of(client: Path, path: str) -> dict[str, list[str]]:
    async with http(app(client)) as browser:
        answer = await browser.get(path)
    parts = answer.headers["content-security-policy"].split("; ")
    return {name: allowed for name, *allowed in map(str.split, parts)}


@pytest.mark.parametrize("path", ["/p/abc", "/p/abc/pdf", "/staff.css", "/nowhere"])
async def test_every_answer_is_guarded(client: Path, path: str):
    async with http(app(client)) as browser:
        headers = (await browser.get(path)).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin-allow-popups"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["permissions-policy"].startswith("camera=()")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/p/abc", "/p/abc/pdf", "/sign-in/", "/nowhere"])
async def test_what_is_no_file_is_neither_stored_nor_indexed(client: Path, path: str):
    async with http(app(client)) as browser:
        headers = (await browser.get(path)).headers

    assert headers["cache-control"] == "no-store"
    assert headers["x-robots-tag"] == "noindex, nofollow, noarchive"


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/assets/root-Bq0mc3dx.js", "public, max-age=31536000, immutable"),
        ("/staff.css?v=0a1b2c3d", "public, max-age=31536000, immutable"),
        ("/fonts/inter.woff2", "public, max-age=604800"),
        ("/staff.css", "no-cache"),
    ],
)
async def test_files_are_kept_as_long_as_their_address_lasts(client, path, kept):
    async with http(app(client)) as browser:
        headers = (await browser.get(path)).headers

    assert headers["cache-control"] == kept
    assert "x-robots-tag" not in headers


async def test_each_header_it_varies_by_is_named_once(client: Path):
    async def varied(scope, receive, send) -> None:
        answer = PlainTextResponse("x", headers={"Vary": "Accept-Encoding, Origin"})
        answer.raw_headers += [(b"vary", b"Origin"), (b"vary", b"Origin")]
        await answer(scope, receive, send)

    layer = SecurityHeaders(
        varied,
        client,
        origins=("http://localhost:8000",),
        checkout_origins=(),
        card_sources={},
    )
    async with http(layer) as browser:
        answer = await browser.get("/x")

    assert answer.headers.get_list("vary") == ["Accept-Encoding, Origin"]


async def test_a_route_may_decide_for_itself(client: Path):
    async with http(app(client)) as browser:
        answer = await browser.get("/kept")

    assert answer.headers.get_list("cache-control") == ["max-age=60"]


@pytest.mark.parametrize(
    ("origins", "present"), [(HTTPS, True), (("http://localhost:8000",), False)]
)
async def test_https_is_for_good_where_it_is_used(client, origins, present):
    async with http(app(client, origins), origins[0]) as browser:
        answer = await browser.get("/p/abc")

    assert ("strict-transport-security" in answer.headers) is present


class TestPolicy:
    async def test_a_page_may_run_its_own_scripts_and_no_others(self, client: Path):
        policy = await policy_of(client, "/sign-in/")

        assert policy["script-src"] == ["'self'", hash_of("sign_in()")]
        assert policy["default-src"] == ["'none'"]

    async def test_a_script_with_an_address_needs_no_hash(self, client: Path):
        assert (await policy_of(client, "/"))["script-src"] == [
            "'self'",
            hash_of("welcome()"),
        ]

    async def test_a_page_not_built_gets_the_policy_of_the_shell(self, client: Path):
        policy = await policy_of(client, "/p/abc")

        assert policy["script-src"] == ["'self'", hash_of("boot()")]

    async def test_never_allows_eval_or_unknown_scripts(self, client: Path):
        for path in ("/", "/p/abc", "/staff.css"):
            policy = await policy_of(client, path)
            scripts = policy.get("script-src", [])
            assert "'unsafe-eval'" not in scripts
            assert "'unsafe-inline'" not in scripts

    async def test_sockets_and_payment_go_where_they_must(self, client: Path):
        policy = await policy_of(client, "/p/abc")

        assert policy["connect-src"] == ["'self'", "ws://localhost:8000"]
        assert policy["form-action"] == ["'self'", "https://checkout.stripe.com"]

    async def test_a_file_may_do_nothing(self, client: Path):
        policy = await policy_of(client, "/p/abc/pdf")

        assert policy == {"default-src": ["'none'"], "frame-ancestors": ["'none'"]}


async def test_only_a_page_that_takes_cards_opens_for_stripe(client: Path):
    closed = await policy_of(client, "/p/abc")
    opened = await policy_of(client, "/p/card")

    for name, sources in STRIPE_SOURCES.items():
        assert not set(sources) & set(closed.get(name, []))
        assert set(sources) <= set(opened[name])
    assert {k: v for k, v in opened.items() if k not in STRIPE_SOURCES} == {
        k: v for k, v in closed.items() if k not in STRIPE_SOURCES
    }


async def test_what_a_layer_says_to_us_does_not_leave(client: Path):
    async with http(app(client)) as browser:
        headers = (await browser.get("/p/card")).headers

    assert not [name for name in headers if name.startswith("tallyport")]
