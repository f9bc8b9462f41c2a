from urllib.parse import parse_qs

from billing_app.endpoints.page_memory import PageMemory
from tests.support.asgi import open_socket


async def seen_token(query: str, cookie: str = "") -> str:
    """Return the token the framework sees of a socket."""
    seen: list[bytes] = []

    async def remember(scope, receive, send) -> None:
        seen.append(scope["query_string"])

    app = PageMemory(remember, is_https=False)
    headers = {"cookie": cookie} if cookie else {}
    await open_socket(app, headers=headers, query=query)
    (token,) = parse_qs(seen[0].decode())["token"]
    return token


async def test_one_browser_finds_its_page_again():
    first = await seen_token("token=a&EIO=4", "tallyport=mine")

    assert first == await seen_token("EIO=4&token=a", "other=1; tallyport=mine")


async def test_the_token_alone_leads_to_an_empty_page():
    mine = await seen_token("token=a", "tallyport=mine")

    assert mine != await seen_token("token=a")
    assert mine != await seen_token("token=a", "tallyport=another")
    assert mine != await seen_token("token=b", "tallyport=mine")


async def test_nor_is_the_bound_token_worth_more():
    mine = await seen_token("token=a", "tallyport=mine")

    assert mine != await seen_token(f"token={mine}")


async def test_what_else_the_address_says_is_kept():
    queries: list[bytes] = []

    async def remember(scope, receive, send) -> None:
        queries.append(scope["query_string"])

    app = PageMemory(remember, is_https=False)
    await open_socket(app, headers={}, query="EIO=4&transport=websocket&x=%26")

    assert queries == [b"EIO=4&transport=websocket&x=%26"]


async def test_what_a_customer_proved_is_forgotten_without_the_proof():
    """Who has the address of somebody's socket finds nothing of their page."""
    signed_in = "tallyport-portal-1=proof; tallyport-portal-2=other"
    mine = await seen_token("token=a", signed_in)

    assert mine == await seen_token(
        "token=a", "x=1; tallyport-portal-2=other; tallyport-portal-1=proof"
    )
    for cookie in (
        "",
        "tallyport-portal-1=proof",
        "tallyport-portal-1=other; tallyport-portal-2=proof",
        "tallyport=proof; tallyport-portal-1=other",
        "tallyport-portal=proof; tallyport-flash=other",
    ):
        assert mine != await seen_token("token=a", cookie)


async def test_a_guest_s_page_is_found_with_the_cookie_of_its_invoice():
    mine = await seen_token("token=a", "tallyport-guest=mine")

    assert mine == await seen_token("token=a", "x=1; tallyport-guest=mine")
    for cookie in ("", "tallyport-guest=other", "tallyport=mine"):
        assert mine != await seen_token("token=a", cookie)
