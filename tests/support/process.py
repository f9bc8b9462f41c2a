"""Start the real server in a process of its own and stop it again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from billing_app.settings import without_settings
from tests.support.server import free_port

# A first build on a slow machine is part of the start.
_START_SECONDS_MAX = 300


@dataclass(frozen=True, slots=True)
class Server:
    """A running server and where it keeps its things."""

    base_url: str
    data_dir: Path
    log: Path


@contextmanager
def running(
    command: str,
    *arguments: str,
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Run `tallyport serve` or `demo` until it is ready, and until the block ends."""
    port = free_port()
    server = Server(f"http://localhost:{port}", folder / "data", folder / "server.log")
    started = [sys.executable, "-m", "billing_app.cli", command, *arguments]
    with server.log.open("wb") as log:
        process = subprocess.Popen(
            [*started, "--port", str(port)],
            env={
                **without_settings(os.environ),
                "DATA_DIR": str(server.data_dir),
                **(environment or {}),
            },
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait_until_ready(server, process)
        yield server
    finally:
        _stop(process)


def create_owner(
    folder: Path,
    email: str,
    password: str,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Make the workspace Northwind Charter and its owner in a folder's database."""
    arguments = ("--email", email, "--name", "Nora", "--workspace", "Northwind Charter")
    subprocess.run(
        [sys.executable, "-m", "billing_app.cli", "create-owner", *arguments],
        env={
            **without_settings(os.environ),
            "DATA_DIR": str(folder / "data"),
            "TALLYPORT_PASSWORD": password,
            **(environment or {}),
        },
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _wait_until_ready(server: Server, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS_MAX
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            if httpx.get(f"{server.base_url}/readyz", timeout=5).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"the server did not get ready:\n{server.log.read_text()}")


def wait_until(is_true: Callable[[], bool], seconds_max: float = 30) -> None:
    """Wait for something that another process does in its own time."""
    deadline = time.monotonic() + seconds_max
    while not is_true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
