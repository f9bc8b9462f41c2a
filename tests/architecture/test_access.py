"""Every door says who it is for, and the printed access matrix is the true one.

After a meant change, print it anew with `MAKE_ANEW`.
"""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup
from sqlmodel import SQLModel

from billing_app import endpoints, queries, services
from billing_app.domain.actors import (
    ROLE_PERMISSIONS,
    Permission,
    PortalVisitor,
    Proof,
    Role,
)
from billing_app.domain.comment import check_may_comment
from billing_app.domain.dispute import check_may_open
from billing_app.domain.errors import NotPermitted
from billing_app.domain.portal_place import Door
from billing_app.domain.portal_proof import VerificationRequired, check_may_write
from billing_app.domain.portal_settings import PortalSettings, WriteAuth
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
    lines += ["", "## HTTP routes", "", "| methods | path | door |", "|---" * 3 + "|"]
    lines += [f"| {how} | {path} | {door_of(path)} |" for how, path in http_routes()]
    lines += ["", *rungs_table()]
    return "\n".join(lines) + "\n"


_SIGNED_IN = "customer session that may sign in, or staff's preview"
# What takes a whole account away.
_FILES = ("statement.", "documents.zip")

# The first that a path begins with. `{…}` is what an address carries.
DOORS = (
    *((f"/{each}/{{rest:path}}", "anybody: nothing is there") for each in Door),
    ("/account/{slug}/sign-in", "anybody: to prove who they are"),
    ("/account/{slug}/sign-out", "anybody: ends their own session"),
    ("/account/{slug}/change", "customer session: the customers of its address"),
    ("/p/{token}", "invoice link that is live"),
    ("/c/{token}", "customer link that is live"),
    *(
        (f"/account/{{slug}}/{file}", f"{_SIGNED_IN} by who may export")
        for file in _FILES
    ),
    ("/account/{slug}", _SIGNED_IN),
    ("/session/workspace", "member who is signed in"),
    ("/session/end", "member who is signed in"),
    ("/session", "anybody: to prove who they are"),
    ("/sign-in", "anybody: to prove who they are"),
    ("/set-up", "anybody, until somebody can sign in"),
    ("/s/{code}", "short address of a live link"),
    ("/api/", "member who is signed in"),
    ("/webhooks/stripe/{workspace}", "Stripe's signature"),
    ("/mails/{token}", "address in a mail"),
    ("/d/{token}", "link of a shared draft"),
    ("/check", "anybody with a document's code or file"),
    ("/make-invoice/", "anybody: a browser's own draft"),
    ("/healthz", "anybody: that it runs"),
    ("/readyz", "anybody: that it runs"),
    ("/logo/{digest}", "anybody with its digest"),
    ("/words/", "anybody: words of the pages"),
)
# The functions of endpoints by which a door that asks for a credential is opened.
OPENERS = {
    "/p/": ("open_page", "opened_page", "open_portal"),
    "/c/": ("open_page", "opened_page", "open_portal"),
    "/account/": ("open_page", "opened_page", "open_portal", "find_sign_in_desk"),
    "/api/": ("staff_of", "staff_actor"),
}


def door_of(path: str) -> str:
    if path == "/":
        return "anybody: leads on"
    found = (door for start, door in DOORS if path.startswith(start))
    return next(found, "NOBODY SAID")


def route_functions() -> dict[str, Any]:
    """Return each function of endpoints that makes routes, by name."""
    found: dict[str, Any] = {}
    for info in pkgutil.iter_modules(endpoints.__path__, f"{endpoints.__name__}."):
        module = importlib.import_module(info.name)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == info.name and name.endswith("_routes"):
                found[name] = function
    return found


def made_routes(function: Any) -> list[Any]:
    parameters = inspect.signature(function).parameters
    return function(*(Markup("") if name == "head" else () for name in parameters))


def http_routes() -> list[tuple[str, str]]:
    """Return the methods and path of every route, by path."""
    routes = [each for make in route_functions().values() for each in made_routes(make)]
    return sorted(
        {(", ".join(sorted(it.methods - {"HEAD"})), it.path) for it in routes},
        key=lambda row: (row[1], row[0]),
    )


# Each way in, as the actor that it makes.
_LINK = PortalVisitor(1, 1, link_id=1, invoice_id=1)
_CODE = replace(_LINK, proof=Proof.CODE, session_id=1)
_SESSION = PortalVisitor(1, 1, None, None, proof=Proof.SESSION, session_id=1)
_PREVIEW = PortalVisitor(
    1, 1, None, None, is_staff=True, is_preview=True, may_export=False
)
WAYS = {
    "invoice link": _LINK,
    "customer link": replace(_LINK, invoice_id=None),
    "code": _CODE,
    "code, may not pay": replace(_CODE, may_pay=False),
    "session": _SESSION,
    "session + TOTP": replace(_SESSION, has_totp=True),
    "preview": _PREVIEW,
    "preview with export": replace(_PREVIEW, may_export=True),
}


def rungs_table() -> list[str]:
    """Ask the rules themselves what each way in may do, with the usual settings."""
    lines = [
        "## Ways into the portal",
        "",
        "With the usual settings, and with each answer to what writing needs.",
        "",
        "| action | " + " | ".join(WAYS) + " |",
        "|---" * (len(WAYS) + 1) + "|",
    ]
    for action, ask in actions().items():
        answers = (asked(ask, visitor) for visitor in WAYS.values())
        lines.append(f"| {action} | " + " | ".join(answers) + " |")
    return lines


def actions() -> dict[str, Callable[[PortalVisitor], object]]:
    usual = PortalSettings()
    rules: dict[str, Callable[[PortalVisitor], object]] = {
        "see the invoice": lambda it: check_is(usual.shows_invoices),
        "PDF": lambda it: check_is(usual.shows_pdf),
        "list": lambda it: check_is(it.invoice_id is None),
        "statement, zip": lambda it: check_is(it.invoice_id is None and it.may_export),
        "pay": lambda it: check_is(it.may_pay and not it.is_preview),
    }
    for mode in WriteAuth:
        settings = replace(usual, write_auth=mode)
        rules |= {
            f"comment, asks for {mode}": partial(check_may_comment, settings),
            f"dispute, asks for {mode}": partial(check_may_open, settings),
            f"promise, asks for {mode}": partial(check_may_write, mode),
        }
    return rules


def check_is(answer: bool) -> None:
    if not answer:
        raise NotPermitted("Not by this way.")


def asked(ask: Callable[[PortalVisitor], object], visitor: PortalVisitor) -> str:
    try:
        ask(visitor)
    except VerificationRequired as missing:
        return f"after {missing.wanted}"
    except NotPermitted:
        return ""
    return "yes"


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


def test_every_route_has_a_door_and_opens_it():
    unsaid = [path for _, path in http_routes() if door_of(path) == "NOBODY SAID"]
    assert unsaid == []

    for make in route_functions().values():
        source = inspect.getsource(inspect.getmodule(make))  # type: ignore[arg-type]
        for route in made_routes(make):
            if door_of(route.path).startswith("anybody"):
                continue
            for start, openers in OPENERS.items():
                if route.path.startswith(start):
                    assert any(name in source for name in openers), route.path


def test_the_app_has_these_routes_and_no_others():
    app = (PACKAGE / "billing_app.py").read_text()
    mounted = set(re.findall(r"\*(\w+_routes)\(", app))

    assert mounted == route_functions().keys()


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
