"""The set-up on machines that differ; nothing is installed here."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from billing_app.commands import doctor

SCRIPT = Path(__file__).parents[2] / "scripts" / "setup.py"


@pytest.fixture
def setup(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, with every command it runs written down and failing."""
    spec = importlib.util.spec_from_file_location("setup_script", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.ran = []
    monkeypatch.setattr(script, "logged", lambda c: script.ran.append(c) or False)
    return script


def found(*programs: str):
    return lambda name: f"/usr/bin/{name}" if name in programs else None


def test_the_doctor_asks_for_what_the_setup_installs(setup):
    assert setup.PDF_LIBRARIES == doctor.PDF_LIBRARIES


class TestFindUv:
    def answer(self, setup, monkeypatch, text: str):
        class Finished:
            stdout = text

        monkeypatch.setattr(setup, "capture", lambda command: Finished)
        return setup.is_new_enough("uv")

    def test_takes_a_new_one(self, setup, monkeypatch):
        assert self.answer(setup, monkeypatch, "uv 0.13.9 (x86_64)")
        assert self.answer(setup, monkeypatch, "uv 1.0.0")

    @pytest.mark.parametrize("text", ["uv 0.4.30", "uv", "", "uv two.three"])
    def test_leaves_an_old_or_odd_one(self, setup, monkeypatch, text):
        assert not self.answer(setup, monkeypatch, text)


class TestInstallUv:
    def test_goes_without_venv_and_names_what_is_missing(
        self, setup, monkeypatch, capsys
    ):
        monkeypatch.setattr(setup.shutil, "which", found("apt-get"))
        monkeypatch.setattr(setup.os, "geteuid", lambda: 1000)

        setup.install_uv()

        by_pip = setup.ran[1]
        assert by_pip[by_pip.index("--target") + 1].endswith(".build/uv")
        said = capsys.readouterr().out
        assert "No set-up until this is run: sudo apt-get install python3-venv" in said
        assert "could not be installed" in said


class TestSystemPackages:
    def test_nothing_is_asked_of_a_machine_that_has_all(self, setup, capsys):
        setup.install_system_packages({})

        assert setup.ran == []
        assert capsys.readouterr().out == ""

    def test_root_installs_and_what_fails_is_named(self, setup, monkeypatch, capsys):
        monkeypatch.setattr(setup.shutil, "which", found("apt-get"))
        monkeypatch.setattr(setup.os, "geteuid", lambda: 0)

        setup.install_system_packages({"chromium": "browser tests"})

        assert setup.ran[0] == ["apt-get", "update", "-qq"]
        assert setup.ran[1][-1] == "chromium"
        said = capsys.readouterr().out.splitlines()[-1]
        assert said == (
            "No browser tests until this is run: sudo apt-get install chromium"
        )

    def test_without_root_the_line_to_run_is_printed(self, setup, monkeypatch, capsys):
        monkeypatch.setattr(setup.shutil, "which", found("apt-get"))
        monkeypatch.setattr(setup.os, "geteuid", lambda: 1000)

        setup.install_system_packages(
            {"libpango-1.0-0": "PDF files", "chromium": "browser tests"}
        )

        assert setup.ran == []
        assert capsys.readouterr().out == (
            "No PDF files and no browser tests until this is run: "
            "sudo apt-get install chromium libpango-1.0-0\n"
        )
