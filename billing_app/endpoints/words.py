"""The words that pages look up in the browser, as a small script for each language.

English needs none: it stands in the pages. A painted page names the script before its
content; the pages' own scripts run later, so that nobody ever sees two languages.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from billing_app.domain.speech import LANGUAGE_NAMES, page_words, speech_for

PATH = "/words"
# The address names the content.
_FOR_EVER = {"cache-control": "public, max-age=31536000, immutable"}
_DIGEST_LENGTH = 12


def words_routes() -> list[Route]:
    return [Route(f"{PATH}/{{language}}.{{digest}}.js", show, methods=["GET"])]


def show(request: Request) -> Response:
    language = request.path_params["language"]
    if language not in LANGUAGE_NAMES:
        return PlainTextResponse("There are no such words.", 404)
    content, digest = _script(language)
    # An older page may ask for older words; newer ones are better than none.
    is_named = request.path_params["digest"] == digest
    return Response(
        content,
        media_type="text/javascript; charset=utf-8",
        headers=_FOR_EVER if is_named else {"cache-control": "no-store"},
    )


def words_script(tag: str) -> Markup:
    """Return what brings a page the words of its language."""
    language = speech_for(tag).language
    if not page_words(language):
        return Markup("")
    _, digest = _script(language)
    return Markup('<script src="{}/{}.{}.js"></script>').format(PATH, language, digest)


@cache
def _script(language: str) -> tuple[str, str]:
    words = json.dumps(page_words(language), ensure_ascii=False, separators=(",", ":"))
    content = f"globalThis.pageWords={words};"
    digest = hashlib.sha256(content.encode()).hexdigest()[:_DIGEST_LENGTH]
    return content, digest
