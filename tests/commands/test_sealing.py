"""A command that writes leaves nothing unsealed: no server may follow it."""

import json
from pathlib import Path

import pytest

from billing_app.cli import main
from billing_app.commands.create_owner import PASSWORD_VARIABLE
from billing_app.database.audit_chain import check_chains
from billing_app.runtime import open_runtime
from billing_app.settings import load_settings
from tests.workflows.test_import_invoices import a_case

CUSTOMERS = "Name,Email\nVermeer Optics,pay@vermeer.example\n"


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv(PASSWORD_VARIABLE, "a sentence of her own")
    return tmp_path


def everything_is_sealed() -> bool:
    runtime = open_runtime(load_settings())
    reports = check_chains(runtime.engine)
    runtime.engine.dispose()
    assert sum(report.entry_count for report in reports) > 0
    return all(not (report.unsealed or report.break_) for report in reports)


def test_seed():
    assert main(["seed", "--invoices", "3", "--customers", "1"]) == 0

    assert everything_is_sealed()


def test_create_owner():
    whose = ("--email", "harriet@heron.example", "--name", "Harriet")

    assert main(["create-owner", *whose, "--workspace", "Heron Yachts"]) == 0

    assert everything_is_sealed()


def test_import_of_a_table(data_dir: Path):
    (data_dir / "customers.csv").write_text(CUSTOMERS, "utf-8")

    assert main(["import", str(data_dir / "customers.csv")]) == 0

    assert everything_is_sealed()


def test_import_of_cases(data_dir: Path):
    (data_dir / "cases.json").write_text(json.dumps({"cases": [a_case()]}), "utf-8")

    assert main(["import", str(data_dir / "cases.json")]) == 0

    assert everything_is_sealed()
