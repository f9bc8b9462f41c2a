"""An invoice below zero is in credit, not paid.

`invoice.phase` is derived by the database. SQLite can't change how a column is
derived, so it is dropped and made again with its indexes, as in 0034.
"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0046"
branch_labels = None
depends_on = None

PHASE_BEFORE = """
case when deleted_at is not null then 'deleted' else
case when archived_at is not null then 'archived_' else '' end ||
case when cancelled_at is not null then 'cancelled'
when state <> 'issued' then state
when outstanding_minor <= 0 and written_off_minor > 0 then 'written_off'
when outstanding_minor <= 0 and credited_minor > 0 and allocated_minor <= 0
then 'credited'
when outstanding_minor <= 0 then 'paid'
when processing_minor >= outstanding_minor then 'processing'
when allocated_minor + prepaid_minor > 0 then 'partial'
else 'unpaid' end end
"""
PHASE = """
case when deleted_at is not null then 'deleted' else
case when archived_at is not null then 'archived_' else '' end ||
case when cancelled_at is not null then 'cancelled'
when state <> 'issued' then state
when outstanding_minor < 0 then 'in_credit'
when outstanding_minor <= 0 and written_off_minor > 0 then 'written_off'
when outstanding_minor <= 0 and credited_minor > 0 and allocated_minor <= 0
then 'credited'
when outstanding_minor <= 0 then 'paid'
when processing_minor >= outstanding_minor then 'processing'
when allocated_minor + prepaid_minor > 0 then 'partial'
else 'unpaid' end end
"""


def upgrade() -> None:
    _derive_phase(PHASE)


def downgrade() -> None:
    _derive_phase(PHASE_BEFORE)


def _derive_phase(expression: str) -> None:
    """Make the column anew with every index that names it, as each is written."""
    connection = op.get_bind()
    on_sqlite = connection.dialect.name == "sqlite"
    known = (
        "select name, sql from sqlite_master where type = 'index'"
        " and tbl_name = 'invoice' and sql like '%phase%'"
        if on_sqlite
        else "select indexname, indexdef from pg_indexes"
        " where schemaname = current_schema() and tablename = 'invoice'"
        " and indexdef like '%phase%'"
    )
    indexes = connection.execute(sa.text(known)).all()
    for name, _ in indexes:
        op.execute(f"drop index {name}")
    # Plain statements: Alembic would copy the whole table, and drop its guards.
    kept = "virtual" if on_sqlite else "stored"
    op.execute("alter table invoice drop column phase")
    op.execute(
        "alter table invoice add column phase varchar(20)"
        f" generated always as ({expression}) {kept}"
    )
    for _, statement in indexes:
        op.execute(statement)
