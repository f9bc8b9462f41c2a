"""tallyport serve: build if something changed, migrate, start the web server."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from typing import NoReturn

from billing_app.build import build_if_changed
from billing_app.commands.migrate import migrate
from billing_app.domain.errors import BillingError
from billing_app.settings import ROOT, Settings, load_settings


class PortTaken(BillingError):
    """Another program listens where the app should."""

    code = "port_taken"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address to listen on; sets HOST")
    parser.add_argument("--port", help="port to listen on; sets PORT")


def run(arguments: argparse.Namespace) -> int:
    for name in ("host", "port"):
        if getattr(arguments, name):
            os.environ[name.upper()] = getattr(arguments, name)
    settings = load_settings()

    prepare(settings)
    start(settings)


def prepare(settings: Settings) -> None:
    """Do everything that must be done once before any worker starts."""
    check_port_free(settings.host, settings.port)
    build_if_changed(lambda: print("Building the frontend …", flush=True))
    migrate(settings)


def start(settings: Settings) -> NoReturn:
    """Become the web server; what the terminal sends reaches it directly."""
    print(f"Tallyport is at {settings.public_url} (stop with Ctrl+C)", flush=True)
    # Reflex finds its files in the current folder.
    os.environ["DATA_DIR"] = str(settings.data_dir)
    os.chdir(ROOT)
    # Starting anew leaves behind all that `prepare` has loaded.
    os.execv(sys.executable, [sys.executable, "-m", "billing_app.web_server"])  # noqa: S606


def check_port_free(host: str, port: int) -> None:
    """Refuse with a sentence now, rather than with a traceback of the server."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as refusal:
            raise PortTaken(
                f"Port {port} on {host} cannot be used ({refusal.strerror}). "
                "Stop the other program or choose another with --port."
            ) from None
