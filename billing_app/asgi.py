"""The served app: prebuilt frontend and backend, for any number of workers.

`web_server.py` runs it; any other ASGI server could.
"""

from __future__ import annotations

import gc

from reflex_base import constants
from reflex_base.environment import environment
from starlette.types import ASGIApp

from billing_app.build import client_folder, current_frontend
from billing_app.logs import redact_logs


def create_app() -> ASGIApp:
    """Make the app without compiling: `tallyport build` did that once."""
    redact_logs()
    # Internal switches of Reflex, with no public form; used nowhere else.
    environment.REFLEX_ENV_MODE.set(constants.Env.PROD)
    environment.REFLEX_SKIP_COMPILE.set(True)
    environment.REFLEX_MOUNT_FRONTEND_COMPILED_APP.set(True)
    frontend = current_frontend()
    environment.REFLEX_WEB_WORKDIR.set(frontend)

    # What is made here stays, but for a few thousand objects: the collector need not
    # go through it again and again, neither now, a sixth of the start, nor later.
    gc.disable()
    from billing_app.billing_app import app, layer

    layered = layer(app(), client_folder(frontend))
    gc.freeze()
    gc.enable()
    return layered
