"""Carries what the Stripe SDK asks, over connections that all threads share."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import stripe
import urllib3

_KEPT_CONNECTIONS = 16


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
def _connections(scheme: str, host: str) -> urllib3.PoolManager:
    proxy = None if proxy_bypass(host) else getproxies().get(scheme)
    options: dict[str, Any] = {
        "maxsize": _KEPT_CONNECTIONS,
        "ca_certs": stripe.ca_bundle_path,
    }
    if proxy:
        return urllib3.ProxyManager(proxy, **options)
    return urllib3.PoolManager(**options)
