from pathlib import Path

import pytest
from sqlmodel import select

from billing_app.cli import main
from billing_app.commands.create_owner import PASSWORD_VARIABLE
from billing_app.database.authentication import list_system_actors, staff_actor
from billing_app.domain.actors import SystemActor
from billing_app.domain.errors import NotSignedIn
from billing_app.models import AuditEntry, Member, Workspace
from billing_app.runtime import open_runtime
from billing_app.settings import load_settings
from billing_app.workflows.sign_in import Browser, SignInRefused, sign_in

EMAIL = "harriet@heron.example"
BROWSER = Browser("192.0.2.7", "test")
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


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("", "", "where serve runs: http://localhost:8000/sign-in unless it is told"),
        ("PORT", "9123", "Sign in at http://localhost:9123/sign-in"),
        ("PUBLIC_URL", "https://pay.example", "Sign in at https://pay.example/sign-in"),
    ],
)
def test_says_an_address_only_where_it_is_known(
    variable: str,
    value: str,
    said: str,
    data_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    for name in ("PORT", "PUBLIC_URL"):
        monkeypatch.delenv(name, raising=False)
    if variable:
        monkeypatch.setenv(variable, value)

    assert main(ARGUMENTS) == 0

    assert said in capsys.readouterr().out


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
        (("--profile", "free"), "simple_link"),
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


def test_refuses_somebody_who_signs_in_already(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
):
    main(ARGUMENTS)

    assert main([*ARGUMENTS, "--email", "Harriet@Heron.example"]) == 1

    assert "tallyport set-password" in capsys.readouterr().err
    with open_runtime(load_settings()).reading(SystemActor(1, "test")) as uow:
        assert uow.all(select(Workspace.name)) == ["Heron Yachts"]
    assert len(list_system_actors(open_runtime(load_settings()).engine, "test")) == 1


def test_opens_one_more_workspace_when_told_to(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
):
    main(ARGUMENTS)
    monkeypatch.delenv(PASSWORD_VARIABLE)

    assert main([*ARGUMENTS, "--workspace", "Heron Boats", "--another"]) == 0

    runtime = open_runtime(load_settings())
    assert len(list_system_actors(runtime.engine, "test")) == 2
    assert sign_in(runtime, EMAIL, "a sentence of her own", BROWSER).owes == ""


def test_opens_one_more_workspace_for_nobody_new(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
):
    assert main([*ARGUMENTS, "--another"]) == 1

    assert "Nobody signs in with harriet" in capsys.readouterr().err


class TestSetPassword:
    def test_lets_somebody_in_again(
        self, data_dir: Path, monkeypatch: pytest.MonkeyPatch
    ):
        main(ARGUMENTS)
        runtime = open_runtime(load_settings())
        old = sign_in(runtime, EMAIL, "a sentence of her own", BROWSER)
        monkeypatch.setenv(PASSWORD_VARIABLE, "another sentence of hers")

        assert main(["set-password", EMAIL.upper()]) == 0

        with pytest.raises(NotSignedIn):
            staff_actor(runtime.engine, old.token, runtime.now())
        with pytest.raises(SignInRefused):
            sign_in(runtime, EMAIL, "a sentence of her own", BROWSER)
        assert sign_in(runtime, EMAIL, "another sentence of hers", BROWSER).token

    def test_is_in_the_audit_trail(self, data_dir: Path):
        main(ARGUMENTS)

        main(["set-password", EMAIL])

        with open_runtime(load_settings()).reading(SystemActor(1, "test")) as uow:
            entries = uow.all(select(AuditEntry))
        changes = [x.details["change"] for x in entries if "change" in x.details]
        assert changes == ["password set on the server"]

    def test_says_when_nobody_has_that_address(
        self, data_dir: Path, capsys: pytest.CaptureFixture[str]
    ):
        main(ARGUMENTS)

        assert main(["set-password", "nobody@heron.example"]) == 1

        assert "Nobody signs in with nobody@heron" in capsys.readouterr().err

    def test_refuses_a_weak_one(
        self,
        data_dir: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ):
        main(ARGUMENTS)
        monkeypatch.setenv(PASSWORD_VARIABLE, "short")

        assert main(["set-password", EMAIL]) == 1

        assert "12 characters" in capsys.readouterr().err


def test_needs_a_password_from_somewhere(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.delenv(PASSWORD_VARIABLE)

    assert main(ARGUMENTS) == 1
    assert PASSWORD_VARIABLE in capsys.readouterr().err
