"""The Stripe SDK: made ready for one account, over connections that all share."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import stripe
import urllib3

from billing_app.gateways.errors import GatewayRefused, GatewayUnavailable

log = logging.getLogger(__name__)

_CONNECT_SECONDS = 5.0
_KEPT_CONNECTIONS = 16


class StripeSdk:
    """The SDK with the key of one account."""

    def __init__(
        self, secret_key: str, api_base: str, timeout_seconds: float, retries: int
    ) -> None:
        self._api_base = api_base
        self._headers = {
            "Authorization": f"Bearer {secret_key}",
            "Stripe-Version": stripe.api_version,
        }
        self._connections = _http_client(timeout_seconds)
        self.client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api_base},
            max_network_retries=retries,
            http_client=self._connections,
        )

    @contextlib.contextmanager
    def refusals(self) -> Iterator[None]:
        """Turn the SDK's errors into ours, and say in the log what Stripe said."""
        try:
            yield
        except stripe.RateLimitError as error:
            _note(error, "rate_limit")
            raise GatewayUnavailable(
                "Stripe is busy. Please try again in a minute.",
                is_outcome_unknown=False,
            ) from error
        except stripe.AuthenticationError as error:
            _note(error, "authentication")
            raise GatewayRefused(
                "Stripe does not accept the secret key.", reason="authentication"
            ) from error
        except stripe.PermissionError as error:
            _note(error, "permission")
            raise GatewayRefused(
                "The Stripe key is not allowed to do this.", reason="permission"
            ) from error
        except stripe.IdempotencyError as error:
            _note(error, "idempotency_key_reused")
            raise GatewayRefused(
                "This payment was already started with other details.",
                reason="idempotency_key_reused",
            ) from error
        except stripe.CardError as error:
            # Stripe writes these for the person who pays.
            _note(error, error.code or "card_declined")
            raise GatewayRefused(
                error.user_message or "The card was declined.",
                reason=error.code or "card_declined",
            ) from error
        except stripe.InvalidRequestError as error:
            reason = error.code or "invalid_request"
            _note(error, reason)
            raise GatewayRefused(
                _SENTENCES.get(reason, "Stripe did not accept this payment's details."),
                reason=reason,
            ) from error
        except stripe.StripeError as error:
            # No connection, no answer in time, 409 or 5xx.
            _note(error, "unavailable")
            raise GatewayUnavailable(
                "Stripe can't be reached at the moment. Please try again.",
                is_outcome_unknown=True,
            ) from error

    def read_plainly(self, path: str) -> bytes | None:
        """Return what Stripe answers without the SDK; None where it is no success."""
        try:
            data, status, _ = self._connections.request(
                "get", f"{self._api_base}{path}", self._headers
            )
        except stripe.APIConnectionError:
            return None
        return data if status == HTTPStatus.OK else None


class SharedConnections(stripe.HTTPClient):
    """The SDK's HTTP client.

    Its own keeps connections for each thread alone, so every thread of a server
    greets Stripe anew, and works out the environment's proxies for each question.
    """

    name = "urllib3"

    def __init__(self, connect_seconds: float, read_seconds: float) -> None:
        super().__init__()
        self._timeout = urllib3.Timeout(connect=connect_seconds, read=read_seconds)

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        **_: Any,
    ) -> tuple[Any, int, Mapping[str, str]]:
        """Ask once; the SDK repeats what may be repeated."""
        parts = urlsplit(url)
        try:
            answer = _connections(parts.scheme, parts.netloc).request(
                method.upper(),
                url,
                headers=headers,
                body=post_data,
                timeout=self._timeout,
                retries=False,
            )
        except urllib3.exceptions.HTTPError as error:
            # A certificate that is wrong now is wrong in a second.
            is_passing = not isinstance(error, urllib3.exceptions.SSLError)
            raise stripe.APIConnectionError(
                f"{type(error).__name__}: {error}", should_retry=is_passing
            ) from error
        return answer.data, answer.status, answer.headers

    def close(self) -> None:
        """Leave the connections to the other gateways."""


@functools.lru_cache
def _http_client(timeout_seconds: float) -> SharedConnections:
    return SharedConnections(_CONNECT_SECONDS, timeout_seconds)


@functools.lru_cache
def _connections(scheme: str, host: str) -> urllib3.PoolManager:
    proxy = None if proxy_bypass(host) else getproxies().get(scheme)
    options: dict[str, Any] = {
        "maxsize": _KEPT_CONNECTIONS,
        "ca_certs": stripe.ca_bundle_path,
    }
    if proxy:
        return urllib3.ProxyManager(proxy, **options)
    return urllib3.PoolManager(**options)


# What people are told for Stripe's own words; the rest is for the log.
_SENTENCES = {
    "amount_too_small": "The amount is smaller than an online payment can be.",
    "amount_too_large": "The amount is too large for one online payment.",
    "resource_missing": "Stripe does not know this payment.",
    "charge_already_refunded": "This payment is already refunded.",
}


def _note(error: stripe.StripeError, reason: str) -> None:
    log.warning(
        "stripe.call_failed reason=%s status=%s param=%s request=%s",
        reason,
        error.http_status,
        getattr(error, "param", None),
        error.request_id,
    )
