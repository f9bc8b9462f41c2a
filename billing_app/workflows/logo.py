"""Take an uploaded logo: write it anew, store it, show it. Hand it out again."""

from __future__ import annotations

import threading
from pathlib import Path

from billing_app.documents.logo import make_logo
from billing_app.domain.actors import Actor, Permission, StaffActor
from billing_app.domain.errors import NotFound, NotPermitted
from billing_app.queries.settings import read_logo
from billing_app.runtime import Runtime
from billing_app.services.settings import set_logo

# Each may take 100 MB while it is decoded.
_TURNS = threading.BoundedSemaphore(2)


def check_may_change(actor: Actor) -> None:
    """Refuse before anything is read; the service refuses again.

    Raises:
        NotPermitted: the role does not allow it.
    """
    if not isinstance(actor, StaffActor) or not actor.may(Permission.EDIT_SETTINGS):
        raise NotPermitted("Your role doesn't allow this.")


def take_logo(runtime: Runtime, actor: Actor, content: bytes) -> str:
    """Make an uploaded picture the workspace's logo; return its digest.

    Raises:
        InvalidInput: it is no picture that can be used.
        DiskFull: the disk is full; the old logo stays.
    """
    check_may_change(actor)
    with _TURNS:
        logo = make_logo(content)
    digest = runtime.files.put(logo.png, ".png")
    runtime.run(actor, set_logo, digest, logo.width, logo.height)
    return digest


def find_logo(runtime: Runtime, actor: Actor, digest: str) -> Path:
    """Return the file of the workspace's own logo.

    Raises:
        NotFound: it is another one, or none.
    """
    if not digest or runtime.run(actor, read_logo) != digest:
        raise NotFound("There is no such logo.")
    return runtime.files.path(digest)
