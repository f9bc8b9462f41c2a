import re
from pathlib import Path

import pytest
from markupsafe import Markup
from starlette.responses import PlainTextResponse

from billing_app.endpoints.first_paint import FirstPaint, Painted, Painter
from tests.support.asgi import http, make_client_folder

INVOICE = re.compile(r"/p/(?P<token>[\w-]+)/?")


async def paint(scope) -> Painted | None:
    """Know one token, and leave another to the page."""
    token = scope["path_params"]["token"]
    if token == "later":
        return None
    if token != "known":
        return Painted(404, "Not found", Markup("<h1>Not found</h1>"), Markup(""))
    return Painted(
        200,
        "INV-1 & more",
        Markup("<h1>{}</h1>").format("<b>Acme</b>"),
        Markup("<link rel='stylesheet' href='/portal.css'>"),
    )


@pytest.fixture
def app(tmp_path: Path) -> FirstPaint:
    client = make_client_folder(tmp_path)
    inner = PlainTextResponse("inner")
    return FirstPaint(inner, client, painters=[Painter(INVOICE, paint)])


async def test_fills_the_shell(app: FirstPaint):
    async with http(app) as browser:
        answer = await browser.get("/p/known", headers={"accept-encoding": "br, gzip"})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "content-encoding" not in answer.headers
    assert "<div><h1>&lt;b&gt;Acme&lt;/b&gt;</h1></div>" in answer.text
    assert (
        "<head><title>INV-1 &amp; more</title><link rel='stylesheet' "
        "href='/portal.css'><meta" in answer.text
    )
    assert "<script>boot()</script>" in answer.text


async def test_an_unknown_link_is_not_found(app: FirstPaint):
    async with http(app) as browser:
        answer = await browser.get("/p/unknown")

    assert answer.status_code == 404
    assert "<h1>Not found</h1>" in answer.text


async def test_a_page_nobody_paints_stays_as_it_is(app: FirstPaint):
    async with http(app) as browser:
        for path in ("/p/later", "/p/known/pdf", "/"):
            assert (await browser.get(path)).text == "inner"
        assert (await browser.post("/p/known")).text == "inner"


async def test_text_that_is_no_markup_is_escaped(tmp_path: Path):
    async def careless(_) -> Painted:
        return Painted(200, "</title><script>", "<script>steal()</script>", Markup(""))

    app = FirstPaint(
        PlainTextResponse(""),
        make_client_folder(tmp_path),
        painters=[Painter(INVOICE, careless)],
    )
    async with http(app) as browser:
        text = (await browser.get("/p/x")).text

    assert "&lt;script&gt;steal()" in text
    assert "<script>steal()" not in text
    assert "<title>&lt;/title&gt;&lt;script&gt;</title>" in text


async def test_a_mark_in_the_content_is_not_filled_again(tmp_path: Path):
    async def marked(_) -> Painted:
        body = Markup("<p>a</p><!--first-paint--><head>")
        return Painted(200, "t", body, Markup(""))

    app = FirstPaint(
        PlainTextResponse(""),
        make_client_folder(tmp_path),
        painters=[Painter(INVOICE, marked)],
    )
    async with http(app) as browser:
        text = (await browser.get("/p/x")).text

    assert text.count("<p>a</p>") == 1
    assert text.count("<title>") == 1


def test_refuses_a_shell_without_a_mark(tmp_path: Path):
    client = make_client_folder(tmp_path)
    (client / "__spa-fallback.html").write_text("<html></html>")

    with pytest.raises(AssertionError, match="mark"):
        FirstPaint(PlainTextResponse(""), client, painters=[Painter(INVOICE, paint)])
