from pathlib import Path

import pytest
from sqlmodel import select

from billing_app.cli import main
from billing_app.commands.create_owner import PASSWORD_VARIABLE
from billing_app.domain.actors import SystemActor
from billing_app.models import Member, Workspace
from billing_app.runtime import open_runtime
from billing_app.settings import load_settings

ARGUMENTS = [
    "create-owner",
    *("--email", "harriet@heron.example"),
    *("--name", "Harriet"),
    *("--workspace", "Heron Yachts"),
    *("--currency", "gbp"),
    *("--zone", "Europe/London"),
]


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv(PASSWORD_VARIABLE, "a sentence of her own")
    return tmp_path / "data"


def test_makes_a_workspace_on_an_empty_machine(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(ARGUMENTS) == 0

    with open_runtime(load_settings()).reading(SystemActor(1, "test")) as uow:
        assert uow.one(select(Workspace.name)) == "Heron Yachts"
        assert uow.one(select(Member.role)) == "owner"
        assert uow.workspace.profile == ""
    assert "/sign-in" in capsys.readouterr().out


def test_starts_with_a_profile(data_dir: Path):
    assert main([*ARGUMENTS, "--profile", "client_account"]) == 0

    with open_runtime(load_settings()).reading(SystemActor(1, "test")) as uow:
        assert uow.workspace.profile == "client_account"


def test_never_prints_the_password(data_dir: Path, capsys: pytest.CaptureFixture[str]):
    main(ARGUMENTS)

    printed = capsys.readouterr()
    assert "a sentence" not in printed.out + printed.err


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (("--currency", "EURO"), "currency"),
        (("--zone", "Mars/Olympus"), "time zone"),
        (("--email", "harriet"), "email"),
        (("--profile", "free"), "profiles"),
    ],
)
def test_says_what_it_cannot_use(
    data_dir: Path,
    capsys: pytest.CaptureFixture[str],
    changed: tuple[str, str],
    says: str,
):
    assert main([*ARGUMENTS, *changed]) == 1

    assert says in capsys.readouterr().err


def test_names_all_that_it_cannot_use(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv(PASSWORD_VARIABLE, "short")
    wrong = ("--currency", "EURO", "--zone", "Mars", "--email", "harriet")

    assert main([*ARGUMENTS, *wrong]) == 1

    said = capsys.readouterr().err.splitlines()
    found = [[line for line in said if word in line] for word in
             ("currency", "time zone", "email", "12 characters")]  # fmt: skip
    assert [len(lines) for lines in found] == [1, 1, 1, 1]


def test_finds_a_zone_by_its_place(data_dir: Path):
    assert main([*ARGUMENTS, "--zone", "london"]) == 0

    with open_runtime(load_settings()).reading(SystemActor(1, "test")) as uow:
        assert uow.workspace.zone == "Europe/London"


def test_refuses_a_weak_password(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv(PASSWORD_VARIABLE, "short")

    assert main(ARGUMENTS) == 1
    assert "12 characters" in capsys.readouterr().err


def test_needs_a_password_from_somewhere(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.delenv(PASSWORD_VARIABLE)

    assert main(ARGUMENTS) == 1
    assert PASSWORD_VARIABLE in capsys.readouterr().err
