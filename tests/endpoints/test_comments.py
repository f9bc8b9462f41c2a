"""Comments without a script: read in the first paint, posted by a plain form."""

from __future__ import annotations

import httpx
import pytest
from markupsafe import Markup
from starlette.types import ASGIApp

from billing_app import runtime
from billing_app.domain.portal_settings import CommentMode, WriteAuth
from billing_app.endpoints.app import make_http_app
from billing_app.endpoints.comments import comment_routes
from billing_app.endpoints.first_paint import FirstPaint
from billing_app.endpoints.portal_pages import portal_painters
from billing_app.models import Comment
from billing_app.services import portal_links
from tests.support.asgi import http, make_client_folder
from tests.support.billing import all_rows, an_invoice
from tests.support.quarrel import dispute, resolve
from tests.support.talk import answer, bodies, choose, fill_thread, say
from tests.support.world import World

FORM = {
    "body": "When was this?",
    "name": "Ines Vermeer",
    "email": "ines@vermeer.example",
    "request_key": "request-000001",
}


@pytest.fixture
def app(world: World, tmp_path) -> ASGIApp:
    runtime.set_current(world.runtime)
    choose(world, world.northwind, write_auth=WriteAuth.LINK)
    client = make_client_folder(tmp_path / "client")
    routes = make_http_app(comment_routes(Markup("")))
    return FirstPaint(routes, client, painters=portal_painters(Markup(""), Markup("")))


@pytest.fixture
def invoice_id(world: World) -> int:
    return an_invoice(world, world.northwind)


@pytest.fixture
def page(world: World, invoice_id: int) -> str:
    token = world.run(world.northwind.accounting, portal_links.copy_link, invoice_id)
    return f"/p/{token}"


async def get(app: ASGIApp, path: str) -> str:
    async with http(app) as browser:
        return (await browser.get(path)).text


async def post(app: ASGIApp, page: str, **typed: str) -> httpx.Response:
    async with http(app) as browser:
        return await browser.post(f"{page}/comments", data={**FORM, **typed})


async def test_the_first_paint_shows_the_thread_and_a_form(
    world: World, app: ASGIApp, invoice_id: int, page: str
):
    say(world, world.northwind, invoice_id, "See <b>https://a.example</b>", line="1")
    answer(world, world.northwind, invoice_id, "On Monday.")

    html = await get(app, page)

    assert "See &lt;b&gt;" in html
    assert 'href="https://a.example" rel="noopener nofollow"' in html
    assert "On Monday." in html
    assert 'href="#line-1"' in html
    assert f'action="{page}/comments"' in html
    assert "ines@vermeer.example" not in html
    assert ">Ines<" in html


async def test_a_post_leads_to_what_was_posted(
    world: World, app: ASGIApp, invoice_id: int, page: str
):
    answers = [await post(app, page) for _ in range(2)]

    (stored,) = all_rows(world, world.northwind, Comment)
    for answered in answers:
        assert answered.status_code == 303
        assert answered.headers["location"] == f"{page}#comment-{stored.id}"
    assert f'<li class="comment" id="comment-{stored.id}">' in await get(app, page)
    assert bodies(world, world.northwind, invoice_id) == ["When was this?"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"body": "x" * 100_000}, "2,000 fit here"),
        ({"name": "Northwind Charter"}, "belongs to the business"),
        ({"email": "<nobody>"}, "not an email address"),
        ({"line": "99"}, "no such line"),
        ({"request_key": "<x>"}, "not understood"),
    ],
)
async def test_a_refusal_keeps_what_was_typed(
    world: World,
    app: ASGIApp,
    invoice_id: int,
    page: str,
    typed: dict[str, str],
    words: str,
):
    answered = await post(app, page, **typed)

    assert answered.status_code == 422
    assert words in answered.text
    assert typed.get("body", FORM["body"]) in answered.text
    assert "<nobody>" not in answered.text
    assert bodies(world, world.northwind, invoice_id) == []


@pytest.mark.feature("F074")
async def test_missing_proof_is_named_with_the_way_to_it(
    world: World, app: ASGIApp, invoice_id: int, page: str
):
    choose(world, world.northwind, write_auth=WriteAuth.CODE)
    html = await get(app, page)
    assert "Confirm to post" in html
    assert f'href="{page}/verify"' in html

    answered = await post(app, page)

    assert answered.status_code == 403
    assert f'href="{page}/verify"' in answered.text
    assert FORM["body"] in answered.text
    assert bodies(world, world.northwind, invoice_id) == []


@pytest.mark.feature("C03", "F071")
@pytest.mark.parametrize(
    ("mode", "reads"), [(CommentMode.OFF, False), (CommentMode.READ, True)]
)
async def test_modes_without_writing(
    world: World, app: ASGIApp, invoice_id: int, page: str, mode: str, reads: bool
):
    say(world, world.northwind, invoice_id, "Said before")
    choose(world, world.northwind, comments=mode, write_auth=WriteAuth.LINK)

    html = await get(app, page)
    answered = await post(app, page)

    assert ("Said before" in html) == reads
    assert "Post comment" not in html
    assert answered.status_code == 403
    assert bodies(world, world.northwind, invoice_id) == ["Said before"]


@pytest.mark.feature("F007")
async def test_a_dead_link_posts_nothing(world: World, app: ASGIApp, invoice_id: int):
    answered = await post(app, "/p/forged")

    assert answered.status_code == 303
    assert bodies(world, world.northwind, invoice_id) == []


async def test_older_comments_are_one_link_away(
    world: World, app: ASGIApp, invoice_id: int, page: str
):
    fill_thread(world, world.northwind, invoice_id, 10_000)

    html = await get(app, page)
    _, _, rest = html.partition(f'href="{page}?before=')
    before = rest.partition("#comments")[0]
    older = await get(app, f"{page}?before={before}")

    assert "Comment 9951<" in html
    assert "Comment 9950<" not in html
    assert "Comment 9950<" in older
    for strange in ("x", "-1", "9" * 40, "٣"):
        assert "Comment 10000<" in await get(app, f"{page}?before={strange}")


class TestInADispute:
    @pytest.fixture
    def dispute_id(self, world: World, invoice_id: int) -> int:
        return dispute(world, world.northwind, invoice_id)

    @pytest.mark.feature("F079")
    async def test_the_first_paint_shows_it_and_a_form(
        self, world: World, app: ASGIApp, invoice_id: int, page: str, dispute_id: int
    ):
        say(world, world.northwind, invoice_id, "A photo?", dispute=str(dispute_id))

        html = await get(app, page)

        assert f'<li id="dispute-{dispute_id}">' in html
        assert f'name="dispute" value="{dispute_id}"' in html
        assert f'id="dispute-{dispute_id}-body"' in html
        assert "A photo?" in html.partition('id="comments"')[0]
        assert "Dispute opened: The whole invoice" in html.partition('id="comments"')[2]

    async def test_a_plain_form_posts_there(
        self, world: World, app: ASGIApp, invoice_id: int, page: str, dispute_id: int
    ):
        answered = await post(app, page, dispute=str(dispute_id))

        assert answered.status_code == 303
        (stored,) = all_rows(world, world.northwind, Comment)
        assert answered.headers["location"] == f"{page}#comment-{stored.id}"
        assert stored.dispute_id == dispute_id

    async def test_a_refusal_keeps_where_it_belongs(
        self, world: World, app: ASGIApp, page: str, dispute_id: int
    ):
        answered = await post(app, page, dispute=str(dispute_id), name="")

        assert answered.status_code == 422
        assert f'name="dispute" value="{dispute_id}"' in answered.text
        assert "When was this?" in answered.text

    async def test_over_it_is_only_read(
        self, world: World, app: ASGIApp, invoice_id: int, page: str, dispute_id: int
    ):
        say(world, world.northwind, invoice_id, "A photo?", dispute=str(dispute_id))
        resolve(world, world.northwind, dispute_id)

        html = await get(app, page)
        answered = await post(app, page, dispute=str(dispute_id))

        assert "A photo?" in html
        assert f'id="dispute-{dispute_id}-body"' not in html
        assert "Dispute ended: The amount stands." in html
        assert answered.status_code == 422
        assert "This dispute is over." in answered.text
