"""The web server: uvicorn with the app of asgi.py, in as many processes as are set."""

from __future__ import annotations

import resource

import uvicorn

from billing_app.endpoints.http_protocol import CONNECTIONS_MAX, uvicorn_options
from billing_app.settings import load_settings

_FILES = 10_000


def main() -> None:
    """Serve until somebody stops it."""
    settings = load_settings()
    _allow_many_files()
    # Behind a proxy every connection comes from its address.
    is_behind_proxy = settings.trusted_proxy_hops > 0
    uvicorn.run(
        "billing_app.asgi:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        # A machine with much to do answers late, and is no dead worker.
        timeout_worker_healthcheck=30,
        **uvicorn_options(connections_max=None if is_behind_proxy else CONNECTIONS_MAX),
    )


def _allow_many_files() -> None:
    """Raise a low limit of open files: each connection is one."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if now < _FILES and (most == resource.RLIM_INFINITY or most >= _FILES):
        resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, most))


if __name__ == "__main__":
    main()
