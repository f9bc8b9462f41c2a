"""A stand-in for Stripe: the same calls and webhooks, no account and no internet.

It serves Stripe's API under `/v1`, the payment page under `/c/pay/<session>`, a
script for card forms at `/endive/stripe.js`, and a control page under `/sandbox`
where debits clear and accidents are ordered. It runs inside the app under a prefix,
or alone on a port of its own.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from starlette.applications import Starlette

from billing_app.domain.errors import BillingError
from billing_app.gateways.stripe import is_live_key
from billing_app.sandbox.stripe_account import AccountBook, Ledger, SandboxAccount
from billing_app.sandbox.stripe_api import api_routes
from billing_app.sandbox.stripe_card_form import card_form_routes
from billing_app.sandbox.stripe_deliveries import RETRY_SECONDS, Deliveries
from billing_app.sandbox.stripe_faults import Faults
from billing_app.sandbox.stripe_pages import page_routes


class SandboxRefused(BillingError):
    """The stand-in does not run where real money moves."""

    code = "sandbox_refused"


def check_no_live_key(secret_keys: Iterable[str]) -> None:
    """Refuse to start the stand-in beside a key that moves real money."""
    if any(is_live_key(key) for key in secret_keys):
        raise SandboxRefused(
            "The sandbox does not start beside a live Stripe key. "
            "Remove the live key, or switch the sandbox off."
        )


class StripeSandbox:
    """The stand-in: accounts, their books, and what reports to whom.

    Attributes:
        app: the ASGI application to mount or to serve.
    """

    def __init__(
        self,
        accounts: Sequence[SandboxAccount],
        *,
        public_url: str,
        clock: Callable[[], datetime],
        bank_delay: timedelta = timedelta(seconds=20),
        retry_seconds: Sequence[float] = RETRY_SECONDS,
        folder: Path | None = None,
    ) -> None:
        """Make the stand-in; nothing runs before `start`.

        `public_url` is where browsers reach it, prefix included. `retry_seconds`
        are the pauses between the tries to deliver a webhook. With a folder it
        remembers everything across restarts, without one it forgets.
        """
        check_no_live_key(account.secret_key for account in accounts)
        self.public_url = public_url.rstrip("/")
        self.faults = Faults()
        self.deliveries = Deliveries(
            clock=clock,
            faults=self.faults,
            tick=self.let_time_pass,
            retry_seconds=retry_seconds,
        )
        self._clock = clock
        self._bank_delay = bank_delay
        self._folder = folder
        self._lock = threading.RLock()
        self._books: dict[str, AccountBook] = {}
        for account in accounts:
            self.add_account(account)
        routes = [*api_routes(self), *page_routes(self), *card_form_routes(self)]
        self.app = Starlette(routes=routes)

    def add_account(self, account: SandboxAccount) -> None:
        """Open an account, or change where an open one reports to."""
        check_no_live_key([account.secret_key])
        with self._lock:
            known = self._books.get(account.secret_key)
            self._books[account.secret_key] = AccountBook(
                account,
                page_url=self.public_url,
                bank_delay_seconds=int(self._bank_delay.total_seconds()),
                report=self.deliveries.report,
                ledger=known.ledger if known else self._load(account),
            )

    def start(self) -> None:
        """Begin to deliver webhooks and to let time pass, in a thread."""
        self.deliveries.start()

    def stop(self) -> None:
        self.deliveries.stop()

    @contextlib.contextmanager
    def working(self) -> Iterator[dict[str, AccountBook]]:
        """Hold the lock and bring every book up to now; by secret key."""
        with self._lock:
            sizes = {key: book.ledger.size for key, book in self._books.items()}
            now = int(self._clock().timestamp())
            for book in self._books.values():
                book.idempotency_key = None
                book.advance(now)
            yield self._books
            for key, book in self._books.items():
                if book.ledger.size != sizes[key]:
                    self._save(book)

    def let_time_pass(self) -> None:
        with self.working():
            pass

    def _file_of(self, account: SandboxAccount) -> Path | None:
        return self._folder / f"{account.id}.json" if self._folder else None

    def _load(self, account: SandboxAccount) -> Ledger:
        file = self._file_of(account)
        if file is None or not file.exists():
            return Ledger()
        return Ledger.from_json(file.read_text())

    def _save(self, book: AccountBook) -> None:
        if (file := self._file_of(book.account)) is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            draft = file.with_suffix(".tmp")
            draft.write_text(book.ledger.to_json())
            draft.replace(file)
