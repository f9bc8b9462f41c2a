"""Files to import: taken from signed-in staff, a piece at a time."""

from __future__ import annotations

from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
)
from starlette.routing import Route

from billing_app import runtime
from billing_app.domain.errors import BillingError, InvalidInput, NotSignedIn
from billing_app.endpoints.refusals import status_of
from billing_app.endpoints.staff_request import staff_of
from billing_app.workflows import imports as workflow

PATH = "/api/import"
# The guard in front refuses longer bodies before they are read.
BYTES_MAX = 20_000_000


def import_routes() -> list[Route]:
    return [
        Route(PATH, upload, methods=["POST"]),
        Route(f"{PATH}/{{key}}/fates.csv", fates, methods=["GET"]),
    ]


async def fates(request: Request) -> Response:
    """Send what becomes of each row of a file that this member sent."""

    def find() -> Path:
        key = request.path_params["key"]
        return workflow.find_fates(runtime.current(), staff_of(request), key)

    try:
        path = await run_in_threadpool(find)
    except NotSignedIn:
        return RedirectResponse("/sign-in", 303)
    except BillingError as refusal:
        return PlainTextResponse(refusal.message, status_of(refusal))
    return FileResponse(
        path,
        media_type="text/csv; charset=utf-8",
        filename="import.csv",
        headers={"cache-control": "no-store"},
    )


async def upload(request: Request) -> Response:
    """Answer with the key of the file, or with a problem in a sentence."""
    try:
        actor = await run_in_threadpool(staff_of, request)
        workflow.check_may_import(actor)
        # Nothing is read before somebody signed in; the rest lies on the disk.
        async with request.form(max_files=1, max_fields=1) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise InvalidInput("Choose a file first.")
            key = await run_in_threadpool(
                workflow.take_file, runtime.current(), actor, file.file
            )
    except BillingError as refusal:
        return JSONResponse({"problem": refusal.message}, status_of(refusal))
    return JSONResponse({"digest": key})
