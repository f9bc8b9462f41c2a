from pathlib import Path

import pytest

from billing_app.build import hash_files

SOURCES = ("billing_app/web", "assets", "rxconfig.py")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("billing_app/web/page.py", "assets/app.css", "rxconfig.py"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("one")
    return tmp_path


class TestHashFiles:
    def test_is_the_same_for_the_same_files(self, root: Path):
        assert hash_files(root, SOURCES) == hash_files(root, SOURCES)

    @pytest.mark.parametrize("name", ["billing_app/web/page.py", "rxconfig.py"])
    def test_changes_with_a_source(self, root: Path, name: str):
        before = hash_files(root, SOURCES)

        (root / name).write_text("two")

        assert hash_files(root, SOURCES) != before

    def test_changes_with_a_name(self, root: Path):
        before = hash_files(root, SOURCES)

        (root / "assets/app.css").rename(root / "assets/other.css")

        assert hash_files(root, SOURCES) != before

    @pytest.mark.parametrize(
        "name", ["billing_app/web/__pycache__/page.pyc", "assets/external/x.js"]
    )
    def test_ignores_what_the_build_makes_itself(self, root: Path, name: str):
        before = hash_files(root, SOURCES)

        made = root / name
        made.parent.mkdir(parents=True)
        made.write_text("made")

        assert hash_files(root, SOURCES) == before
