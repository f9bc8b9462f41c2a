"""The web server: uvicorn with the app of asgi.py, in as many processes as are set."""

from __future__ import annotations

import uvicorn

from billing_app.endpoints.http_protocol import uvicorn_options
from billing_app.settings import load_settings


def main() -> None:
    """Serve until somebody stops it."""
    settings = load_settings()
    uvicorn.run(
        "billing_app.asgi:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        # A machine with much to do answers late, and is no dead worker.
        timeout_worker_healthcheck=30,
        **uvicorn_options(),
    )


if __name__ == "__main__":
    main()
