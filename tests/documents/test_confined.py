from __future__ import annotations

import subprocess
import sys

import pytest

from billing_app.documents.confined import bare_environment


def test_a_confined_process_gets_no_secret(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SECRET_KEY", "canary")
    monkeypatch.setenv("DATABASE_URL", "postgresql://canary")

    seen = subprocess.run(
        [sys.executable, "-c", "import os; print(os.environ)"],
        env=bare_environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert "LC_ALL" in seen
    assert "canary" not in seen
