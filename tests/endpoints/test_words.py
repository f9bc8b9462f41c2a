from __future__ import annotations

import json
import re

import pytest
from markupsafe import Markup
from starlette.applications import Starlette
from starlette.testclient import TestClient

from billing_app.domain.speech import LANGUAGE_NAMES, page_words
from billing_app.endpoints.words import words_routes, words_script


@pytest.fixture
def client() -> TestClient:
    return TestClient(Starlette(routes=words_routes()))


def address_in(script: Markup) -> str:
    found = re.fullmatch(r'<script src="([^"]+)"></script>', script)
    assert found is not None
    return found[1]


def test_a_page_in_english_needs_no_words():
    assert words_script("en-GB") == Markup("")


@pytest.mark.parametrize("language", [it for it in LANGUAGE_NAMES if it != "en"])
def test_a_script_has_the_words_of_its_language_and_is_kept(
    client: TestClient, language: str
):
    answer = client.get(address_in(words_script(language)))

    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript")
    said = json.loads(answer.text.removeprefix("globalThis.pageWords=").rstrip(";"))
    assert said == page_words(language)
    assert said["Refresh"] != "Refresh"


def test_the_words_of_another_release_are_given_but_not_kept(client: TestClient):
    answer = client.get("/words/de.000000000000.js")

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("language", ["tlh", "..", "de-AT"])
def test_there_are_no_words_of_other_languages(client: TestClient, language: str):
    assert client.get(f"/words/{language}.0.js").status_code == 404
