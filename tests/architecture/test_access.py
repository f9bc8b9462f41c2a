"""Every door says who it is for, and the printed access matrix is the true one.

After a meant change, print it anew with `MAKE_ANEW`.
"""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel

from billing_app import queries, services
from billing_app.domain.actors import ROLE_PERMISSIONS, Permission, Role
from billing_app.domain.errors import NotPermitted
from tests.support.world import World

MATRIX = Path(__file__).parents[2] / "docs" / "access-matrix.md"
MAKE_ANEW = "uv run python -m tests.architecture.test_access > docs/access-matrix.md"
PACKAGE = Path(__file__).parents[2] / "billing_app"


def transactions() -> list[tuple[str, object]]:
    """Return every public function of services and queries that takes a unit."""
    found = []
    for floor in (services, queries):
        for info in pkgutil.iter_modules(floor.__path__, f"{floor.__name__}."):
            module = importlib.import_module(info.name)
            for name, function in inspect.getmembers(module, inspect.isfunction):
                ours = function.__module__ == info.name
                if ours and not name.startswith("_") and takes_a_unit(function):
                    label = info.name.removeprefix("billing_app.")
                    found.append((f"{label}.{name}", function))
    return sorted(found)


def takes_a_unit(function: object) -> bool:
    parameters = inspect.signature(function, follow_wrapped=True).parameters  # type: ignore[arg-type]
    return next(iter(parameters), "") == "uow"


def app_handlers() -> dict[str, object]:
    from billing_app.web import gate, routes

    assert routes.PAGES
    # One state may be registered by pages of several modules; each counts once.
    return {
        name.rpartition("___")[2]: handler for name, handler in gate.handlers().items()
    }


def print_matrix() -> str:
    lines = [
        "# Who may do what",
        "",
        "Printed by `uv run python -m tests.architecture.test_access` and compared",
        "by the same test. *inner* runs only inside another service; a *job* is ours.",
        "",
        "## Roles",
        "",
        "| permission | " + " | ".join(Role) + " |",
        "|---" * (len(Role) + 1) + "|",
    ]
    for permission in Permission:
        marks = ["yes" if permission in ROLE_PERMISSIONS[x] else "" for x in Role]
        lines.append(f"| {permission} | " + " | ".join(marks) + " |")
    lines += ["", "## Services and queries", "", "| function | who |", "|---|---|"]
    lines += [f"| {name} | {who(function)} |" for name, function in transactions()]
    lines += ["", "## Handlers of pages", "", "| handler | audience |", "|---|---|"]
    for name, handler in sorted(app_handlers().items()):
        audience = getattr(handler, "audience", "nobody")
        lines.append(f"| {name} | {audience} |")
    return "\n".join(lines) + "\n"


def who(function: object) -> str:
    return str(getattr(function, "access", "NOBODY SAID"))


@pytest.mark.parametrize(("name", "function"), transactions())
def test_every_service_and_query_says_who_may_call_it(name: str, function: object):
    assert hasattr(function, "access"), name


@pytest.mark.feature("F014")
@pytest.mark.parametrize("role", Role)
def test_a_direct_call_is_refused_where_the_role_may_not(world: World, role: Role):
    """Past the pages, and before a single argument is looked at."""
    actor = getattr(world.northwind, role)
    for name, function in transactions():
        wanted = re.match(r"staff:(\w+)", who(function))
        if wanted is None:
            continue
        may = Permission(wanted[1]) in ROLE_PERMISSIONS[role]
        call: Any = function
        # What is allowed goes on, to find an argument that does not exist.
        with (
            pytest.raises(TypeError if may else NotPermitted),
            world.reading(actor) as uow,
        ):
            call(uow, no_such_argument=name)


def test_every_handler_is_a_door():
    undeclared = [
        name
        for name, handler in app_handlers().items()
        if not hasattr(handler, "audience") and not name.endswith(".setvar")
    ]

    assert undeclared == []


def test_doors_never_call_what_is_inner():
    inner = {name.rpartition(".")[2] for name, f in transactions() if who(f) == "inner"}
    for folder in ("web", "endpoints", "commands"):
        for path in (PACKAGE / folder).rglob("*.py"):
            called = set(re.findall(r"_run\(\s*[\w.]*?(\w+)\s*[,)]", path.read_text()))
            assert called.isdisjoint(inner), path


def test_no_state_holds_a_table_row():
    import reflex as rx

    app_handlers()
    tables = {x.__name__ for x in descendants(SQLModel) if hasattr(x, "__table__")}
    for state in descendants(rx.State):
        if not state.__module__.startswith("billing_app"):
            continue
        for name, var in state.base_vars.items():
            held = set(re.findall(r"\w+", str(var._var_type)))
            assert held.isdisjoint(tables), f"{state.__name__}.{name} would send a row"


def test_browsers_keep_no_variable():
    """What a browser stores, it can forge; what is typed stays in scripts of pages."""
    import reflex as rx
    from reflex.istate.storage import ClientStorageBase

    app_handlers()
    kept = [
        f"{state.__name__}.{name}"
        for state in descendants(rx.State)
        if state.__module__.startswith("billing_app")
        for name, field in state.get_fields().items()
        if isinstance(field.default, ClientStorageBase)
    ]

    assert kept == []


def test_the_printed_matrix_is_that_of_the_doors():
    assert MATRIX.read_text() == print_matrix(), f"run: {MAKE_ANEW}"


def descendants(parent: type) -> list[type]:
    found = []
    for child in parent.__subclasses__():
        found += [child, *descendants(child)]
    return found


if __name__ == "__main__":
    print(print_matrix(), end="")  # noqa: T201
