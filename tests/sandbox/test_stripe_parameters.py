from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from stripe.params import EventListParams, PaymentIntentCreateParams, RefundCreateParams
from stripe.params.checkout import SessionCreateParams

from billing_app.sandbox.stripe_parameters import (
    ParameterRefused,
    decode_form,
    read_parameters,
)

LINE = {
    "line_items[0][quantity]": "1",
    "line_items[0][price_data][currency]": "usd",
    "line_items[0][price_data][unit_amount]": "1050",
    "line_items[0][price_data][product_data][name]": "Invoice INV-42",
}


def read(form: dict[str, str], params_type: Any = SessionCreateParams) -> Any:
    return read_parameters(decode_form(urlencode(form)), params_type)


class TestDecodeForm:
    def test_unfolds_mappings_and_lists(self):
        assert decode_form("a[b][1][c]=2&a[b][0][c]=1&d=&e[]=x&e[]=y") == {
            "a": {"b": [{"c": "1"}, {"c": "2"}]},
            "d": "",
            "e": ["x", "y"],
        }

    def test_decodes_escapes_once(self):
        assert decode_form("metadata%5Bnote%5D=a%26b%2520c") == {
            "metadata": {"note": "a&b%20c"}
        }

    def test_refuses_a_value_that_is_a_mapping_too(self):
        with pytest.raises(ParameterRefused):
            decode_form("a=1&a[b]=2")


class TestReadParameters:
    def test_reads_what_the_types_say(self):
        params = read(
            {
                **LINE,
                "mode": "payment",
                "expires_at": "1795348800",
                "adaptive_pricing[enabled]": "false",
                "metadata[attempt]": "7",
                "expand[0]": "payment_intent",
            }
        )

        assert params == {
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": "usd",
                        "unit_amount": 1050,
                        "product_data": {"name": "Invoice INV-42"},
                    },
                }
            ],
            "mode": "payment",
            "expires_at": 1795348800,
            "adaptive_pricing": {"enabled": False},
            "metadata": {"attempt": "7"},
            "expand": ["payment_intent"],
        }

    def test_reads_a_value_of_one_of_several_types(self):
        assert read({"created[gte]": "5"}, EventListParams) == {"created": {"gte": 5}}
        assert read({"created": "5"}, EventListParams) == {"created": 5}

    @pytest.mark.parametrize(
        ("form", "param", "code"),
        [
            (
                {"payment_method_types[0]": "card"},
                "payment_method_types",
                "payment_method_types_no_longer_supported",
            ),
            ({"sucess_url": "x"}, "sucess_url", "parameter_unknown"),
            (
                {"line_items[0][price_data][curency]": "usd"},
                "line_items[0][price_data][curency]",
                "parameter_unknown",
            ),
            (
                {"line_items[0][price_data][unit_amount]": "5"},
                "line_items[0][price_data][currency]",
                "parameter_missing",
            ),
            (
                {"line_items[0][quantity]": "1.5"},
                "line_items[0][quantity]",
                "parameter_invalid_integer",
            ),
            ({"ui_mode": "hosted"}, "ui_mode", None),
            ({"mode": ""}, "mode", None),
            ({"adaptive_pricing[enabled]": "yes"}, "adaptive_pricing[enabled]", None),
            ({"adaptive_pricing": "false"}, "adaptive_pricing", None),
            ({"line_items": "none"}, "line_items", None),
            ({"success_url[a]": "x"}, "success_url", None),
            ({"idempotency_key": "x"}, "idempotency_key", "parameter_unknown"),
        ],
    )
    def test_refuses_as_stripe_does(
        self, form: dict[str, str], param: str, code: str | None
    ):
        with pytest.raises(ParameterRefused) as refusal:
            read(form)

        assert refusal.value.param == param
        assert refusal.value.code == code

    def test_requires_what_the_types_require(self):
        with pytest.raises(ParameterRefused, match="Missing required param: amount"):
            read({"currency": "usd"}, PaymentIntentCreateParams)

    def test_takes_the_empty_word_where_the_types_allow_it(self):
        assert read({"metadata": ""}, RefundCreateParams) == {"metadata": ""}
