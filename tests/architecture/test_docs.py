"""What people must know is written where they look."""

import re
from pathlib import Path

import pytest

from billing_app.cli import COMMANDS
from billing_app.settings import NAMES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_the_settings_are_all_named():
    source = (ROOT / "billing_app/settings.py").read_text()
    read = re.findall(r"""\((?:environ, )?"([A-Z_]{4,})\"""", source)

    assert set(read) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_in_the_readme(name: str):
    assert f"`{name}`" in README


@pytest.mark.parametrize("command", re.findall(r"tallyport ([a-z][a-z-]+)", README))
def test_every_command_of_the_readme_exists(command: str):
    assert command in {*COMMANDS, "create-owner", "worker"}
