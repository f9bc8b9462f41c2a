"""What one process runs on: engine, clock, entropy, gateways, bus.

The only home of the clock. `unit(actor)` opens a transaction, `run` calls a
service or query in one, and after a commit open pages hear what was touched.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Engine

from billing_app.database.engine import open_engine
from billing_app.database.secrets import Cipher
from billing_app.database.unit_of_work import Chance, UnitOfWork, unit_of_work
from billing_app.documents.pdf import PdfRenderer, count_cores
from billing_app.domain.actors import Actor
from billing_app.gateways.bus import Bus
from billing_app.gateways.bus import Hints as Hints
from billing_app.gateways.files import FileStore
from billing_app.gateways.signer import PdfSigner
from billing_app.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    return datetime.now(UTC)


def new_token() -> str:
    """Return 256 random bits, safe in a URL."""
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Runtime:
    """Everything the doors need to do their work.

    Attributes:
        public_url: origin that every link is made from.
    """

    settings: Settings
    engine: Engine
    chance: Chance
    clock: Clock
    bus: Bus
    files: FileStore
    pdf: PdfRenderer
    signer: PdfSigner | None = None

    @property
    def public_url(self) -> str:
        return self.settings.public_url

    @property
    def sends_mail(self) -> bool:
        """The installation has a mail server; in the demo its mailbox stands for it."""
        return self.settings.smtp_url is not None or self.settings.is_demo

    @property
    def cipher(self) -> Cipher:
        return self.chance.cipher

    def now(self) -> datetime:
        return self.clock()

    @contextmanager
    def unit(self, actor: Actor) -> Iterator[UnitOfWork]:
        """Open a transaction that may write; publish what it touched."""
        with unit_of_work(self.engine, actor, self.clock(), self.chance) as uow:
            yield uow
        for topic in uow.touched:
            self.bus.publish(topic)

    @contextmanager
    def reading(self, actor: Actor) -> Iterator[UnitOfWork]:
        """Open a transaction that only reads."""
        with unit_of_work(
            self.engine, actor, self.clock(), self.chance, reads_only=True
        ) as uow:
            yield uow

    def run(
        self,
        actor: Actor,
        work: Callable[Concatenate[UnitOfWork, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Call a service or a query as this actor, in one transaction."""
        marked: Any = work
        opened = self.reading if marked.reads else self.unit
        with opened(actor) as uow:
            return work(uow, *args, **kwargs)

    def at(self, clock: Clock) -> Runtime:
        """Return the same runtime with another clock."""
        return replace(self, clock=clock)


def open_runtime(
    settings: Settings, *, clock: Clock = system_clock, is_worker: bool = False
) -> Runtime:
    """Connect everything the settings name. Opens no network connection yet.

    Who works beside the pages prints on every core.
    """
    prints_batches = is_worker or settings.is_embedded
    data_dir: Path = settings.data_dir
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    return Runtime(
        settings=settings,
        engine=open_engine(settings.database_url),
        chance=Chance(new_token, Cipher(settings.secret_key)),
        clock=clock,
        bus=Bus(settings.redis_url),
        files=FileStore(data_dir / "files"),
        pdf=PdfRenderer(
            process_count=count_cores() if prints_batches else 1,
            fonts=settings.fonts_dir,
        ),
        signer=open_signer(settings),
    )


def open_signer(settings: Settings) -> PdfSigner | None:
    """Return what signs each PDF, where the operator has a key for it."""
    if settings.signing_file is None:
        return None
    return PdfSigner(settings.signing_file, settings.signing_password)


class _Current:
    """The runtime of this process, set once by the composition root."""

    runtime: Runtime | None = None


def set_current(runtime: Runtime) -> None:
    _Current.runtime = runtime


def current() -> Runtime:
    """Return the runtime of this process."""
    assert _Current.runtime is not None, "no runtime: the app was not composed"
    return _Current.runtime
