from concurrent.futures import ThreadPoolExecutor

import pytest

from billing_app.domain.change import Change


class Shelf:
    """Something to read that counts how often it is."""

    def __init__(self) -> None:
        self.reads: list[str] = []

    def read(self, what: str) -> str:
        self.reads.append(what)
        return what


class TestOnce:
    def test_equals_read_once(self):
        shelf, change = Shelf(), Change()

        found = [change.once("a", lambda: shelf.read("a")) for _ in range(3)]

        assert found == ["a", "a", "a"]
        assert shelf.reads == ["a"]

    def test_equals_in_many_threads_read_once(self):
        shelf, change = Shelf(), Change()

        with ThreadPoolExecutor(8) as threads:
            asked = [
                threads.submit(change.once, "a", lambda: shelf.read("a"))
                for _ in range(50)
            ]
            found = {one.result() for one in asked}

        assert found == {"a"}
        assert shelf.reads == ["a"]

    def test_who_differs_reads_for_itself(self):
        shelf, change = Shelf(), Change()

        for who in ("a", "b", "a"):
            assert change.once(who, lambda who=who: shelf.read(who)) == who

        assert shelf.reads == ["a", "b"]

    def test_another_change_is_read_anew(self):
        shelf = Shelf()

        for change in (Change(1), Change(2)):
            change.once("a", lambda: shelf.read("a"))

        assert shelf.reads == ["a", "a"]

    def test_a_failed_reading_is_nobody_elses(self):
        shelf, change = Shelf(), Change()

        with pytest.raises(ZeroDivisionError):
            change.once("a", lambda: 1 // 0)

        assert change.once("a", lambda: shelf.read("a")) == "a"
