from pathlib import Path

import httpx
import pytest
from starlette.staticfiles import StaticFiles

from billing_app.endpoints.page_paths import PagePaths
from tests.support.asgi import http, make_client_folder


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/", "/sign-in?next=/invoices"])
async def test_a_page_is_served_where_it_is_asked_for(tmp_path: Path, path: str):
    client = make_client_folder(tmp_path)

    async with http(
        PagePaths(StaticFiles(directory=client, html=True), client)
    ) as http_client:
        answer = await http_client.get(path)

    assert answer.status_code == 200
    assert "sign_in()" in answer.text


@pytest.mark.parametrize(
    "path", ["/404.html", "/index.html", "/sign-in/index.html", "/__spa-fallback.html"]
)
async def test_the_name_of_a_page_s_file_is_no_address(tmp_path: Path, path: str):
    client = make_client_folder(tmp_path)
    (client / "404.html").write_text("not found")

    async with http(
        PagePaths(StaticFiles(directory=client, html=True), client)
    ) as http_client:
        answer = await http_client.get(path)

    assert (answer.status_code, answer.text) == (404, "not found")


@pytest.mark.parametrize("path", ["//sign-in", "/x/..%2Fsign-in", "/.%2Fsign-in"])
async def test_no_page_is_found_by_a_detour(tmp_path: Path, path: str):
    client = make_client_folder(tmp_path)
    (client / "404.html").write_text("not found")
    pages = PagePaths(StaticFiles(directory=client, html=True), client)

    async with http(pages) as http_client:
        # The client would take the dots out of it, as browsers do.
        address = httpx.URL("http://localhost:8000").copy_with(raw_path=path.encode())
        answer = await http_client.get(address)

    assert (answer.status_code, answer.text) == (404, "not found")


@pytest.mark.parametrize("path", ["/staff.css", "/", "/no/such/page", "/sign-in/../x"])
async def test_everything_else_passes_as_it_is(tmp_path: Path, path: str):
    client = make_client_folder(tmp_path)
    seen: list[str] = []

    async def app(scope, receive, send) -> None:
        seen.append(scope["path"])
        await StaticFiles(directory=client, html=True)(scope, receive, send)

    async with http(PagePaths(app, client)) as http_client:
        sent = await http_client.get(path)

    assert seen == [sent.request.url.path]
