"""Where the measuring is done: a seeded database and a real server on it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import httpx
from sqlmodel import col, select

from billing_app.commands.migrate import migrate
from billing_app.database.authentication import list_system_actors
from billing_app.domain.actors import Role, StaffActor, SystemActor
from billing_app.domain.sign_in import Owes
from billing_app.models import Invoice, Member, PortalLink
from billing_app.runtime import Runtime, open_runtime
from billing_app.services.sign_in import Place, open_session
from billing_app.services.workspaces import NewTax
from billing_app.settings import load_settings, without_settings
from billing_app.workflows.first_workspace import open_workspace
from billing_app.workflows.seed import seed

PORT = 8970
_START_SECONDS_MAX = 300
# /proc counts the time of a process in these.
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Ground:
    """A database with many invoices, and actors in it."""

    folder: Path
    runtime: Runtime
    system: SystemActor
    owner: StaffActor

    def an_open_invoice(self) -> tuple[int, str]:
        """Return an unpaid, published invoice and the token of its link."""
        return self.open_invoices(1)[0]

    def open_invoices(self, count: int) -> list[tuple[int, str]]:
        statement = (
            select(col(Invoice.id), col(PortalLink.token_encrypted))
            .join(PortalLink, col(PortalLink.invoice_id) == col(Invoice.id))
            .where(col(Invoice.phase) == "unpaid", col(PortalLink.revoked_at).is_(None))
            .order_by(col(Invoice.id).desc())
            .limit(count)
        )
        with self.runtime.reading(self.system) as uow:
            found = uow.all(statement)
        decrypt = self.runtime.cipher.decrypt
        return [(invoice_id, decrypt(encrypted)) for invoice_id, encrypted in found]

    def new_session(self) -> str:
        """Return the token of a session in which the owner is signed in."""
        with self.runtime.reading(self.system) as uow:
            member = uow.get(Member, self.owner.member_id)
        place = Place(member.person_id, self.owner.member_id, "bench")
        return self.runtime.run(self.system, open_session, place, Owes.NOTHING)


def make_ground(folder: Path, invoices: int, customers: int) -> Ground:
    """Seed a database in the folder, or go on with the one that is there."""
    for name in list(os.environ):
        if name not in without_settings(os.environ):
            del os.environ[name]
    # An installed server keeps the bytecode of its modules.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.update(DATA_DIR=str(folder), PORT=str(PORT))
    settings = load_settings()
    migrate(settings)
    runtime = open_runtime(settings)
    is_new = not list_system_actors(runtime.engine, "bench")
    opened = open_workspace(
        runtime,
        "bench",
        name="Bench",
        currency="EUR",
        taxes=(NewTax("VAT", Decimal(21)),),
    )
    if is_new:
        seed(runtime, opened.actor, customers=customers, invoices=invoices, start=1)
    with runtime.reading(opened.actor) as uow:
        member = uow.one(select(Member))
    assert member.id is not None
    owner = StaffActor(opened.actor.workspace_id, member.id, Role.OWNER)
    return Ground(folder, runtime, opened.actor, owner)


@dataclass(frozen=True, slots=True)
class Served:
    """A real server, seen from outside.

    Attributes:
        worker: process id of the one that answers.
        start_seconds: from the command to the first good answer of /readyz.
    """

    url: str
    worker: int
    start_seconds: float

    def cpu_ms(self) -> float:
        """Return how long the worker has computed, all its threads together."""
        stat = Path(f"/proc/{self.worker}/stat").read_text().rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) * 1000 / _TICKS

    def memory_kb(self) -> float:
        """Return the memory that is the worker's alone or shared, in KB."""
        pages = int(Path(f"/proc/{self.worker}/statm").read_text().split()[1])
        return pages * _PAGE / 1024

    def cpu_per_request_ms(self, path: str, times: int = 400) -> tuple[float, int]:
        """Ask for a path many times; return milliseconds each, and the status."""
        with httpx.Client(base_url=self.url) as client:
            status = client.get(path).status_code
            for _ in range(20):
                client.get(path)
            before = self.cpu_ms()
            for _ in range(times):
                client.get(path)
            return (self.cpu_ms() - before) / times, status


@contextmanager
def serving(
    *command: str, url: str, ready: str, environment: dict[str, str] | None = None
) -> Iterator[Served]:
    """Run a server until the block ends."""
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, *command],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait(process, f"{url}{ready}")
        seconds = time.monotonic() - started
        yield Served(url, _worker_of(process.pid), seconds)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS_MAX
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.02)
    raise TimeoutError(url)


def _worker_of(pid: int) -> int:
    """Return the child that serves, or the process itself where it has none."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    found = children.read_text().split() if children.exists() else []
    return int(found[-1]) if found else pid
