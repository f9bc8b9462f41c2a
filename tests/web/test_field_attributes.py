from billing_app.web.components.controls import field, text_input

COUNTRIES = {"list": "countries"}


def test_fields_that_share_attributes_keep_their_own_label():
    inputs = [text_input(name, custom_attrs=COUNTRIES) for name in ("seller", "buyer")]
    for each in inputs:
        field("Country", each)

    assert [each.custom_attrs["id"] for each in inputs] == [
        "field-seller",
        "field-buyer",
    ]
    assert COUNTRIES == {"list": "countries"}
