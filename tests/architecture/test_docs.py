"""What people must know is written where they look."""

import re
from pathlib import Path

import pytest

from billing_app.cli import COMMANDS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SETTINGS = re.findall(
    r"""\((?:environ, )?"([A-Z_]{4,})\"""",
    (ROOT / "billing_app/settings.py").read_text(),
)


def test_the_settings_are_found():
    assert {"DATA_DIR", "PORT", "PUBLIC_URL", "TALLYPORT_DEMO"} <= set(SETTINGS)


@pytest.mark.parametrize("name", sorted(set(SETTINGS)))
def test_every_setting_is_in_the_readme(name: str):
    assert f"`{name}`" in README


@pytest.mark.parametrize("command", re.findall(r"tallyport ([a-z][a-z-]+)", README))
def test_every_command_of_the_readme_exists(command: str):
    assert command in {*COMMANDS, "create-owner", "worker"}
