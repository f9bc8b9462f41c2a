from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse

from billing_app.endpoints.anyhost import AnyHost
from tests.support.asgi import http, make_client_folder

MODULE = "/assets/reflex-env-BVGF6eGS.js"


@pytest.fixture
def client(tmp_path: Path) -> Path:
    return make_client_folder(tmp_path)


async def ask(client: Path, path: str, base_url: str, origins: list[str]):
    inner = PlainTextResponse("inner")
    async with http(AnyHost(inner, client, origins=origins), base_url) as browser:
        return await browser.get(path)


@pytest.mark.parametrize(
    ("origin", "socket"),
    [
        ("http://127.0.0.1:8117", "ws://127.0.0.1:8117/_event"),
        ("https://billing.example.com", "wss://billing.example.com/_event"),
        ("https://billing.example.com:8443", "wss://billing.example.com:8443/_event"),
    ],
)
async def test_names_the_address_the_page_came_from(client, origin, socket):
    answer = await ask(client, MODULE, origin, [origin])

    assert f"`{socket}`" in answer.text
    assert f"`{origin}/ping`" in answer.text
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"].startswith("text/javascript")


async def test_an_address_that_is_not_ours_gets_the_public_one(client: Path):
    answer = await ask(
        client, MODULE, "http://evil.example", ["https://billing.example.com"]
    )

    assert "evil.example" not in answer.text
    assert "wss://billing.example.com/_event" in answer.text


@pytest.mark.parametrize(
    "path", ["/assets/root-Bq0mc3dx.js", "/assets/reflex-env-gone.js", "/"]
)
async def test_leaves_everything_else_alone(client: Path, path: str):
    answer = await ask(client, path, "http://localhost:8000", ["http://localhost:8000"])

    assert answer.text == "inner"
