"""Fixtures for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.world import World, make_template, open_empty_world, open_world


@pytest.fixture(scope="session")
def world_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("world"))


@pytest.fixture
def world(world_template: Path, tmp_path: Path) -> Iterator[World]:
    """Two workspaces, members of each role, a movable clock; its own database."""
    opened = open_world(world_template, tmp_path / "data")
    yield opened
    opened.runtime.engine.dispose()


@pytest.fixture
def empty_world(tmp_path: Path) -> Iterator[World]:
    """A migrated database in which nobody can sign in yet."""
    opened = open_empty_world(tmp_path / "data")
    yield opened
    opened.runtime.engine.dispose()
