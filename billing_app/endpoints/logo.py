"""The logo: taken from signed-in staff, handed out to them again."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from billing_app import runtime
from billing_app.domain.errors import BillingError, NotFound
from billing_app.endpoints.refusals import status_of
from billing_app.endpoints.staff_request import staff_of
from billing_app.workflows import logo as workflow

PATH = "/api/logo"
# The guard in front refuses longer bodies before they are read.
BYTES_MAX = 5_000_000
_PNG = b"\x89PNG\r\n\x1a\n"


def logo_routes() -> list[Route]:
    return [
        Route(PATH, upload, methods=["POST"]),
        Route(f"{PATH}/{{digest}}", show, methods=["GET"]),
        Route("/logo/{digest}.png", show_printed, methods=["GET"]),
    ]


async def upload(request: Request) -> Response:
    """Answer with the new logo's digest, or with a problem in a sentence."""
    try:
        actor = await run_in_threadpool(staff_of, request)
        workflow.check_may_change(actor)
        content = await _file(request)
        digest = await run_in_threadpool(
            workflow.take_logo, runtime.current(), actor, content
        )
    except BillingError as refusal:
        return _refused(refusal)
    return JSONResponse({"digest": digest})


async def show(request: Request) -> Response:
    try:
        actor = await run_in_threadpool(staff_of, request)
        path = await run_in_threadpool(
            workflow.find_logo, runtime.current(), actor, request.path_params["digest"]
        )
    except BillingError as refusal:
        return _refused(refusal)
    return FileResponse(path, media_type="image/png")


def show_printed(request: Request) -> Response:
    """Show the logo of a document to whoever sees the document.

    Its address is the digest printed in there, 256 bits that nobody can guess.
    """
    try:
        path = runtime.current().files.path(request.path_params["digest"])
    except BillingError as refusal:
        return _refused(refusal)
    with path.open("rb") as file:
        if file.read(len(_PNG)) != _PNG:
            return _refused(NotFound("There is no such logo."))
    return FileResponse(path, media_type="image/png")


async def _file(request: Request) -> bytes:
    """Return the one file of the form; nothing is read before somebody signed in."""
    form = await request.form(max_files=1, max_fields=1)
    file = form.get("logo")
    return await file.read(BYTES_MAX + 1) if isinstance(file, UploadFile) else b""


def _refused(refusal: BillingError) -> Response:
    return JSONResponse({"problem": refusal.message}, status_of(refusal))
