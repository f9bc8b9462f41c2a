import pytest

from billing_app.domain.portal_place import Door, PortalPlace, parse_place


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/p/token", PortalPlace(Door.INVOICE_LINK, "token", is_account=False)),
        ("/p/token/account", PortalPlace(Door.INVOICE_LINK, "token", True)),
        ("/p/token/account/12", PortalPlace(Door.INVOICE_LINK, "token", True, 12)),
        ("/c/token", PortalPlace(Door.CUSTOMER_LINK, "token", True)),
        ("/c/token/12", PortalPlace(Door.CUSTOMER_LINK, "token", True, 12)),
        ("/account/acme", PortalPlace(Door.SIGNED_IN, "acme", True)),
        ("/account/acme/12", PortalPlace(Door.SIGNED_IN, "acme", True, 12)),
    ],
)
def test_an_address_is_read_and_written_alike(path: str, place: PortalPlace):
    assert parse_place(path) == place
    assert parse_place(f"{path}/") == place
    assert place.path == path


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/p", "/p/", "/invoices/12", "/c/token/x", "/c/token/12/13", "/p/a/b"),
        *("/p/half\ud83d", "/account/\udc00"),
    ],
)
def test_another_address_leads_nowhere(path: str):
    assert parse_place(path) is None


def test_a_pattern_holds_no_secret():
    place = PortalPlace(Door.CUSTOMER_LINK, "secret", is_account=True, invoice_id=7)

    assert place.pattern == "/c/{key}/7"
