"""Customers read columns that are named one by one, and none of the staff's."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from billing_app import models, queries
from billing_app.database.access import job

FOLDER = Path(queries.__file__).parent
SOURCES = (
    "portal.py",
    "portal_account.py",
    "portal_asking.py",
    "portal_disputes.py",
    "portal_events.py",
    "portal_thread.py",
)
TREES = [ast.parse((FOLDER / name).read_text()) for name in SOURCES]
VISIBLE = {
    name
    for name, table in vars(models).items()
    if isinstance(table, type) and issubclass(table, models.CustomerVisible)
}
# Columns of visible tables that are for staff, or say more than a customer asked.
STAFF_COLUMNS = {
    *("draft", "version", "source_id", "series_code", "series_value", "custom_fields"),
    *("created_by", "recorded_by", "archived_at", "deleted_at", "first_viewed_at"),
    *(
        "author_email",
        "member_id",
        "request_key",
        "removed_at",
        "resolved_by",
        "opened_by",
    ),
    *("idempotency_key", "account_id", "provider_payment_id", "hold_reason", "sent_at"),
    *("cancel_reason", "staff_reason", "written_by"),
}
# The one of its name that customers read.
SHOWN = {("Reminder", "sent_at")}
# They give whole rows.
ROWS = {"get", "find"}


def portal_functions() -> list[ast.FunctionDef]:
    """Return what runs as a visitor: all that is not marked as a job's."""
    return [
        node
        for tree in TREES
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and job.__name__ not in {ast.unparse(x) for x in node.decorator_list}
    ]


def columns_in(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield each `Table.column` that the code names."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name):
            table = inner.value.id
            if table in vars(models):
                yield table, inner.attr


@pytest.mark.feature("F081")
@pytest.mark.parametrize("function", portal_functions(), ids=lambda node: node.name)
def test_a_visitor_reads_columns_and_no_rows(function: ast.FunctionDef):
    calls = [x for x in ast.walk(function) if isinstance(x, ast.Call)]
    selected = [
        ast.unparse(argument)
        for call in calls
        if ast.unparse(call.func) == "select"
        for argument in call.args
    ]

    assert set(vars(models)).isdisjoint(selected)
    assert {ast.unparse(x.func) for x in calls}.isdisjoint(f"uow.{x}" for x in ROWS)


@pytest.mark.parametrize("function", portal_functions(), ids=lambda node: node.name)
def test_a_visitor_reads_what_is_theirs(function: ast.FunctionDef):
    named = list(columns_in(function))

    assert {table for table, _ in named} <= VISIBLE
    kept = {column for table, column in named if (table, column) not in SHOWN}
    assert kept.isdisjoint(STAFF_COLUMNS)


def test_the_columns_that_are_kept_from_customers_exist():
    tables = [vars(models)[name] for name in VISIBLE]
    columns = {column for table in tables for column in table.model_fields}

    assert columns >= STAFF_COLUMNS
