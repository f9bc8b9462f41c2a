from __future__ import annotations

import errno
import hashlib
import os
import threading
from pathlib import Path

import pytest

from billing_app.domain.errors import DiskFull
from billing_app.gateways.errors import FileDamaged, FileMissing
from billing_app.gateways.files import FileStore
from tests.support.full_disk import full_disk

CONTENT = b"%PDF-1.7 an invoice"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_returns_what_was_put(store: FileStore):
    digest = store.put(CONTENT, ".pdf")

    assert digest == DIGEST
    assert store.read(digest) == CONTENT
    assert store.path(digest).name == f"{DIGEST}.pdf"
    assert store.has(digest)


def test_keeps_equal_files_once(store: FileStore, tmp_path: Path):
    store.put(CONTENT, ".pdf")
    store.put(CONTENT, ".pdf")

    assert len(files_below(tmp_path)) == 1


def test_keeps_the_empty_file(store: FileStore):
    assert store.read(store.put(b"")) == b""


@pytest.mark.parametrize(
    "digest",
    [
        "",
        "..",
        "../../etc/passwd",
        DIGEST[:-1],
        DIGEST.upper(),
        f"{DIGEST}.pdf",
        f"{DIGEST}\n",
        "*" * 64,
        "0" * 64,
    ],
)
def test_knows_no_file_for_a_wrong_digest(store: FileStore, digest: str):
    store.put(CONTENT)

    assert not store.has(digest)
    with pytest.raises(FileMissing):
        store.path(digest)


def test_refuses_a_suffix_that_leaves_the_folder(store: FileStore):
    with pytest.raises(AssertionError):
        store.put(CONTENT, "/../../evil")


def test_notices_damage(store: FileStore):
    digest = store.put(CONTENT)
    store.path(digest).write_bytes(CONTENT[:-1])

    with pytest.raises(FileDamaged):
        store.read(digest)


@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_and_leaves_nothing_behind(
    store: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: int
):
    def fail(descriptor: int) -> None:
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(os, "fsync", fail)

    with pytest.raises(DiskFull, match="disk is full"):
        store.put(CONTENT)

    assert files_below(tmp_path) == []
    assert not store.has(DIGEST)


def test_a_quota_that_is_used_up_leaves_nothing_behind(
    store: FileStore, tmp_path: Path
):
    with full_disk(), pytest.raises(DiskFull):
        store.put(CONTENT)

    assert files_below(tmp_path) == []
    assert store.put(CONTENT) == DIGEST


def test_other_disk_errors_are_not_hidden(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
):
    def fail(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)

    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        store.put(CONTENT)


def test_threads_that_store_the_same_file_agree(store: FileStore, tmp_path: Path):
    start = threading.Barrier(8)
    digests: list[str] = []

    def put() -> None:
        start.wait()
        digests.append(store.put(CONTENT, ".pdf"))

    threads = [threading.Thread(target=put) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert digests == [DIGEST] * 8
    assert len(files_below(tmp_path)) == 1
