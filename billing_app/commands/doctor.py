"""tallyport doctor: check settings and surroundings, say what is wrong."""

from __future__ import annotations

import argparse
import ctypes
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from redis import Redis, RedisError

from billing_app.database import migrations
from billing_app.database.backup import database_file
from billing_app.database.engine import (
    DatabaseSilent,
    open_engine,
    reading,
    require_answer,
)
from billing_app.gateways.signer import PdfSigner, SigningFailed
from billing_app.logs import redact
from billing_app.runtime import open_signer, system_clock
from billing_app.settings import (
    ROOT,
    Settings,
    UnsafeSettings,
    is_loopback,
    list_problems,
    read_settings,
)

PDF_LIBRARIES = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
# Below this, SQLite cannot be trusted to finish what it started.
_FREE_BYTES_MIN = 200_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One checked thing.

    Attributes:
        problem: what is wrong and what to do, or None.
        must_fix: the app refuses to start, or would lose something.
    """

    name: str
    problem: str | None = None
    must_fix: bool = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    del parser  # It needs none.


def run(_: argparse.Namespace) -> int:
    findings = list(examine())
    print("\n".join(report(findings)))
    return 1 if any(f.problem and f.must_fix for f in findings) else 0


def report(findings: list[Finding]) -> Iterator[str]:
    """Yield a line for each, and one at the end for who reads no further."""
    yield from map(_line, findings)
    if not any(finding.problem for finding in findings):
        yield "Nothing is wrong."


def examine() -> Iterator[Finding]:
    """Ask everything that can be asked without starting."""
    try:
        settings = read_settings(os.environ)
    except UnsafeSettings as refusal:
        yield Finding("settings", refusal.message)
        return
    yield from examine_settings(settings)
    yield _examine_disk(settings.data_dir)
    if settings.has_known_database:
        yield _examine_database(settings)
    if settings.redis_url:
        yield _examine_redis(settings.redis_url)
    yield from _examine_libraries()
    signer = open_signer(settings)
    if signer:
        yield _examine_signer(signer)
    yield _examine_wheels()


def examine_settings(settings: Settings) -> Iterator[Finding]:
    problems = list_problems(settings)
    yield from (Finding("settings", problem) for problem in problems)
    if not problems:
        yield Finding("settings")
    if not is_loopback(settings.host) and not settings.is_https:
        yield Finding(
            "listening",
            f"HOST={settings.host} lets other machines connect, but PUBLIC_URL "
            f"({settings.public_url}) names only this one; they will be refused.",
            must_fix=False,
        )
    if settings.is_https and not settings.trusted_proxy_hops:
        yield Finding(
            "proxy",
            "PUBLIC_URL is https, so a proxy stands before the app: set "
            "TRUSTED_PROXY_HOPS=1, or all visitors seem to be one.",
            must_fix=False,
        )
    if settings.smtp_url is None and not settings.is_demo:
        yield Finding(
            "mail",
            "SMTP_URL is not set: mail goes into DATA_DIR/mailbox and reaches nobody.",
            must_fix=False,
        )


def _examine_disk(data_dir: Path) -> Finding:
    existing = next(p for p in (data_dir, *data_dir.parents) if p.exists())
    if not os.access(existing, os.W_OK):
        return Finding("data", f"{existing} cannot be written to.")
    if shutil.disk_usage(existing).free < _FREE_BYTES_MIN:
        return Finding("data", f"The disk of {existing} is almost full.")
    key = data_dir / "secret.key"
    if key.exists() and key.stat().st_mode & 0o077:
        return Finding("data", f"{key} can be read by others; run chmod 600 {key}.")
    if data_dir.exists() and data_dir.stat().st_mode & 0o077:
        problem = f"{data_dir} can be read by others; run chmod 700 {data_dir}."
        return Finding("data", problem, must_fix=False)
    return Finding("data")


def _examine_database(settings: Settings) -> Finding:
    file = database_file(settings.database_url)
    if file and not file.exists():
        return Finding("database", "There is none yet; `serve` makes it.", False)
    engine = open_engine(settings.database_url)
    try:
        require_answer(engine)
        is_at_head = migrations.is_at_head(reading(engine))
    except DatabaseSilent as refusal:
        return Finding("database", refusal.message)
    finally:
        engine.dispose()
    if is_at_head:
        return Finding("database")
    return Finding("database", "It waits for `tallyport migrate`.", must_fix=False)


def _examine_signer(signer: PdfSigner) -> Finding:
    try:
        signer.check(system_clock())
    except SigningFailed as refusal:
        return Finding("signing", refusal.message)
    return Finding("signing")


def _examine_redis(url: str) -> Finding:
    try:
        with Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3) as redis:
            redis.ping()
    except (RedisError, ValueError) as refusal:
        return Finding("redis", f"It does not answer: {redact(str(refusal))}")
    return Finding("redis")


def _examine_libraries() -> Iterator[Finding]:
    missing = [p for library, p in PDF_LIBRARIES.items() if not _loads(library)]
    command = f"sudo apt-get install {' '.join(missing)}"
    problem = f"PDF files cannot be made; `{command}` mends it." if missing else None
    yield Finding("pdf", problem, must_fix=False)


def _examine_wheels() -> Finding:
    """Only a build needs bun and node; a built app runs without."""
    folder = Path(sys.executable).parent
    missing = [name for name in ("bun", "node") if not (folder / name).exists()]
    if not missing:
        return Finding("frontend")
    return Finding(
        "frontend",
        f"{' and '.join(missing)} not found in {folder}; run `uv sync` in {ROOT}.",
        must_fix=False,
    )


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _line(finding: Finding) -> str:
    if finding.problem is None:
        return f"ok       {finding.name}"
    word = "WRONG" if finding.must_fix else "note"
    return f"{word:8} {finding.name}: {finding.problem}"
