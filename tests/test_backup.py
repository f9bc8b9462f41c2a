import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from billing_app.cli import main


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with a row, a file and a writer in the middle of its work."""
    folder = tmp_path / "data"
    monkeypatch.setenv("DATA_DIR", str(folder))
    (folder / "files" / "ab").mkdir(parents=True)
    (folder / "files" / "ab" / "abcd.pdf").write_bytes(b"%PDF")
    with closing(sqlite3.connect(folder / "tallyport.db")) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE saved (word TEXT)")
        database.execute("INSERT INTO saved VALUES ('kept')")
        database.commit()
    return folder


def unpack(archive: Path, folder: Path) -> list[tuple[str]]:
    with tarfile.open(archive) as opened:
        opened.extractall(folder)
    with closing(sqlite3.connect(folder / "tallyport.db")) as database:
        return database.execute("SELECT word FROM saved").fetchall()


def test_holds_what_was_saved_while_somebody_writes(data_dir: Path, tmp_path: Path):
    with closing(sqlite3.connect(data_dir / "tallyport.db")) as writer:
        writer.execute("INSERT INTO saved VALUES ('unfinished')")

        assert main(["backup", str(tmp_path / "b.tar.gz")]) == 0

    restored = tmp_path / "restored"
    assert unpack(tmp_path / "b.tar.gz", restored) == [("kept",)]
    assert (restored / "files/ab/abcd.pdf").read_bytes() == b"%PDF"
    key = (data_dir / "secret.key").read_text()
    assert (restored / "secret.key").read_text() == key


def test_says_that_the_key_is_in_it(data_dir: Path, tmp_path: Path, capsys):
    main(["backup", str(tmp_path / "b.tar.gz")])

    assert "It holds the secret key" in capsys.readouterr().out


def test_says_that_a_key_of_the_environment_is_not(
    data_dir: Path, tmp_path: Path, capsys, monkeypatch
):
    monkeypatch.setenv("SECRET_KEY", "k" * 32)

    main(["backup", str(tmp_path / "b.tar.gz")])

    with tarfile.open(tmp_path / "b.tar.gz") as opened:
        assert "secret.key" not in opened.getnames()
    assert "SECRET_KEY is not in it" in capsys.readouterr().out


def test_nobody_else_may_read_it(data_dir: Path, tmp_path: Path):
    main(["backup", str(tmp_path / "b.tar.gz")])

    assert (tmp_path / "b.tar.gz").stat().st_mode & 0o077 == 0


def test_overwrites_nothing(data_dir: Path, tmp_path: Path, capsys):
    target = tmp_path / "b.tar.gz"
    target.write_text("older")

    assert main(["backup", str(target)]) == 1

    assert target.read_text() == "older"
    assert "exists already" in capsys.readouterr().err


def test_leaves_nothing_behind_when_there_is_no_database(
    data_dir: Path, tmp_path: Path, capsys
):
    (data_dir / "tallyport.db").unlink()

    assert main(["backup", str(tmp_path / "b.tar.gz")]) == 1

    assert "no database" in capsys.readouterr().err
    assert list(tmp_path.glob("b.tar.gz*")) == []
