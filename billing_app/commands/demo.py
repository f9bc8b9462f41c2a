"""tallyport demo: serve a throw-away database with sandbox payments and mail."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path

from billing_app.commands import serve
from billing_app.database.engine import open_engine
from billing_app.domain.errors import InvalidInput
from billing_app.runtime import open_runtime
from billing_app.sandbox.demo import fill, report
from billing_app.sandbox.demo.stand_ins import STRIPE_PATH
from billing_app.settings import Settings, load_settings


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
        # The stand-in Stripe lives in the one process of the app.
        WORKERS="1",
        STRIPE_API_BASE=f"http://localhost:{arguments.port}{STRIPE_PATH}",
    )
    settings = load_settings()

    serve.prepare(settings)
    furnish(settings, arguments.json)
    if arguments.data is None:
        print(f"Its data is in {data_dir}; delete the folder when you are done.\n")
    serve.start(settings)


def furnish(settings: Settings, json_file: Path | None) -> None:
    """Fill the database when it is empty, and say what is in it."""
    # Nobody misses what a power cut takes from a demo that is being made.
    hasty = open_engine(settings.database_url, is_durable=False)
    runtime = replace(open_runtime(settings), engine=hasty)
    fill.fill(runtime)
    workspaces = report.read_demo(runtime)
    runtime.engine.dispose()
    base_url = settings.public_url
    if json_file is not None:
        shown = json.dumps(
            report.to_json(base_url, workspaces), indent=1, ensure_ascii=False
        )
        try:
            json_file.write_text(shown + "\n", "utf-8")
        except OSError as error:
            raise InvalidInput(
                f"{json_file} can't be written: {error.strerror}."
            ) from error
    print(*report.to_lines(base_url, workspaces), "", sep="\n", flush=True)
