"""tallyport demo: serve a throw-away database with sandbox payments and mail."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from billing_app.commands import serve
from billing_app.settings import load_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", default="8000", help="port to listen on")
    parser.add_argument("--data", type=Path, help="folder to keep the data in")
    parser.add_argument("--json", type=Path, help="file to write sign-ins and links to")


def run(arguments: argparse.Namespace) -> int:
    data_dir = arguments.data or Path(tempfile.mkdtemp(prefix="tallyport-demo-"))
    os.environ.update(
        TALLYPORT_DEMO="1",
        DATA_DIR=str(data_dir.resolve()),
        PORT=arguments.port,
    )
    settings = load_settings()

    serve.prepare(settings)
    serve.start(settings)
