from importlib import import_module
from pathlib import Path

import pytest

import billing_app.commands
from billing_app.cli import COMMANDS, main, module_name
from billing_app.commands.doctor import Finding, report

FOLDER = Path(billing_app.commands.__file__).parent


class TestCommands:
    @pytest.mark.parametrize("name", COMMANDS)
    def test_each_has_a_module(self, name: str):
        command = import_module(f"billing_app.commands.{module_name(name)}")

        assert callable(command.add_arguments)
        assert callable(command.run)

    def test_each_module_is_a_command(self):
        modules = {file.stem for file in FOLDER.glob("[!_]*.py")}

        assert modules == {module_name(name) for name in COMMANDS}


class TestMain:
    def test_lists_the_commands(self, capsys: pytest.CaptureFixture[str]):
        with pytest.raises(SystemExit) as finished:
            main([])

        shown = capsys.readouterr().out
        assert finished.value.code == 0
        assert all(name in shown for name in COMMANDS)

    def test_names_the_commands_when_one_is_unknown(self, capsys):
        with pytest.raises(SystemExit) as finished:
            main(["surf"])

        assert finished.value.code == 2
        assert "'serve'" in capsys.readouterr().err

    def test_shows_a_refusal_as_a_sentence(self, capsys, monkeypatch):
        monkeypatch.setenv("PUBLIC_URL", "http://billing.example.com")

        assert main(["serve"]) == 1

        shown = capsys.readouterr()
        assert "PUBLIC_URL must start with https://" in shown.err
        assert "Traceback" not in shown.err


class TestDoctor:
    def test_finds_nothing_wrong_with_the_defaults(self, capsys, monkeypatch, tmp_path):
        monkeypatch.setenv("DATA_DIR", str(tmp_path))

        assert main(["doctor"]) == 0
        assert "ok       settings" in capsys.readouterr().out

    def test_says_what_must_be_fixed(self, capsys, monkeypatch, tmp_path):
        monkeypatch.setenv("DATA_DIR", str(tmp_path))
        monkeypatch.setenv("SECRET_KEY", "changeme")

        assert main(["doctor"]) == 1
        assert "WRONG    settings: SECRET_KEY" in capsys.readouterr().out

    def test_says_so_when_nothing_is_wrong(self):
        assert list(report([Finding("data")])) == ["ok       data", "Nothing is wrong."]
        assert list(report([Finding("data", "Full.")])) == ["WRONG    data: Full."]

    def test_wants_the_data_private(self, capsys, monkeypatch, tmp_path):
        """A backup unpacked into a folder of the usual kind."""
        monkeypatch.setenv("DATA_DIR", str(tmp_path))
        tmp_path.chmod(0o755)

        assert main(["doctor"]) == 0
        assert f"chmod 700 {tmp_path}" in capsys.readouterr().out

    def test_names_the_databases_it_knows(self, capsys, monkeypatch, tmp_path):
        monkeypatch.setenv("DATA_DIR", str(tmp_path))
        monkeypatch.setenv("DATABASE_URL", "mysql://somewhere/tallyport")
        monkeypatch.setenv("SECRET_KEY", "k" * 32)

        assert main(["doctor"]) == 1
        assert "DATABASE_URL must start with sqlite" in capsys.readouterr().out

    def test_wants_the_secret_key_private(self, capsys, monkeypatch, tmp_path):
        monkeypatch.setenv("DATA_DIR", str(tmp_path))
        (tmp_path / "secret.key").write_text("k" * 32)
        (tmp_path / "secret.key").chmod(0o644)

        assert main(["doctor"]) == 1
        assert "chmod 600" in capsys.readouterr().out

    def test_asks_the_database(self, capsys, monkeypatch, tmp_path):
        monkeypatch.setenv("DATA_DIR", str(tmp_path))
        main(["migrate"])

        assert main(["doctor"]) == 0
        assert "ok       database" in capsys.readouterr().out

    def test_finds_what_is_no_database(self, capsys, monkeypatch, tmp_path):
        monkeypatch.setenv("DATA_DIR", str(tmp_path))
        (tmp_path / "tallyport.db").write_text("not a database, but long enough" * 9)

        assert main(["doctor"]) == 1
        assert (
            "WRONG    database: The database does not answer" in capsys.readouterr().out
        )

    def test_asks_redis(self, capsys, monkeypatch, tmp_path):
        monkeypatch.setenv("DATA_DIR", str(tmp_path))
        monkeypatch.setenv("SECRET_KEY", "k" * 32)
        monkeypatch.setenv("REFLEX_REDIS_URL", "redis://:hush@127.0.0.1:1/0")

        assert main(["doctor"]) == 1
        shown = capsys.readouterr().out
        assert "WRONG    redis: It does not answer" in shown
        assert "hush" not in shown


@pytest.mark.parametrize("command", ["migrate", "worker", "verify"])
def test_says_in_a_sentence_that_the_database_is_silent(
    command: str, capsys, monkeypatch, tmp_path
):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://u:hush@127.0.0.1:1/x")
    monkeypatch.setenv("SECRET_KEY", "k" * 32)

    assert main([command]) == 1

    shown = capsys.readouterr().err
    assert shown.startswith("The database does not answer: ")
    assert shown.count("\n") == 1
    assert "hush" not in shown


def test_says_in_a_sentence_that_the_data_has_no_place(capsys, monkeypatch, tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setenv("DATA_DIR", str(file / "data"))

    assert main(["migrate"]) == 1

    assert "cannot be used: Not a directory." in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        ["backup", "b.tar.gz"],
        ["verify"],
        ["export", "all.zip"],
        ["set-password", "harriet@heron.example"],
    ],
)
def test_makes_nothing_in_a_folder_that_was_mistyped(
    command: list[str], capsys, monkeypatch, tmp_path
):
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "dtaa"))
    monkeypatch.chdir(tmp_path)

    assert main(command) == 1

    assert f"no database at {tmp_path / 'dtaa'}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_names_the_switch_that_says_how_a_file_writes(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    products = tmp_path / "products.csv"
    products.write_text("Name;Price\nBerth;1.234\n")

    assert main(["import", str(products), "--kind", "products"]) == 1

    assert "--numbers comma" in capsys.readouterr().err


class TestServe:
    def test_refuses_a_port_that_is_taken(self, capsys, monkeypatch, tmp_path):
        import socket

        monkeypatch.setenv("DATA_DIR", str(tmp_path))
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]

            assert main(["serve", "--port", str(port)]) == 1

        assert f"Port {port}" in capsys.readouterr().err


class TestSeed:
    def test_opens_a_workspace_and_fills_it(self, capsys, monkeypatch, tmp_path):
        monkeypatch.setenv("DATA_DIR", str(tmp_path))

        assert main(["seed", "--invoices", "12", "--customers", "3"]) == 0

        shown = capsys.readouterr().out
        assert "sign in as owner@seeded.example" in shown
        assert "12 of 12 invoices" in shown

    def test_names_the_workspaces_there_are(self, capsys, monkeypatch, tmp_path):
        monkeypatch.setenv("DATA_DIR", str(tmp_path))
        main(["seed", "--invoices", "1", "--customers", "1"])

        assert main(["seed", "--workspace", "acme"]) == 1

        assert "There is no workspace acme, only seeded." in capsys.readouterr().err

    def test_wants_numbers(self, capsys):
        with pytest.raises(SystemExit):
            main(["seed", "--invoices", "0"])

        assert "not a number above zero" in capsys.readouterr().err
