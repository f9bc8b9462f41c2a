"""Drafts are cancelled and rests written off, each with a reason that stays.

`invoice.phase` is derived by the database and learns both words. SQLite can't change
how a column is derived, so it is dropped and made again, virtual, with its indexes;
the table itself, and so its guards, stay where they are.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0016"
branch_labels = None
depends_on = None

PHASE_BEFORE = """
case when deleted_at is not null then 'deleted' else
case when archived_at is not null then 'archived_' else '' end ||
case when state <> 'issued' then state
when outstanding_minor <= 0 and credited_minor > 0 and allocated_minor <= 0
then 'credited'
when outstanding_minor <= 0 then 'paid'
when processing_minor >= outstanding_minor then 'processing'
when outstanding_minor + credited_minor < total_minor then 'partial'
else 'unpaid' end end
"""
PHASE = """
case when deleted_at is not null then 'deleted' else
case when archived_at is not null then 'archived_' else '' end ||
case when cancelled_at is not null then 'cancelled'
when state <> 'issued' then state
when outstanding_minor <= 0 and written_off_minor > 0 then 'written_off'
when outstanding_minor <= 0 and credited_minor > 0 and allocated_minor <= 0
then 'credited'
when outstanding_minor <= 0 then 'paid'
when processing_minor >= outstanding_minor then 'processing'
when outstanding_minor + credited_minor + written_off_minor < total_minor
then 'partial'
else 'unpaid' end end
"""


@dataclass(frozen=True)
class Guard:
    """A refusal: `when` uses old, new and DIFFERS; empty means always."""

    name: str
    table: str
    act: str
    says: str
    when: str = ""


FROZEN_DRAFT = [
    "old.state DIFFERS new.state",
    "old.cancelled_at DIFFERS new.cancelled_at",
    "old.cancel_reason DIFFERS new.cancel_reason",
    "old.deleted_at DIFFERS new.deleted_at",
    "old.customer_id DIFFERS new.customer_id",
    "old.currency DIFFERS new.currency",
    "old.total_minor DIFFERS new.total_minor",
    # PostgreSQL can't compare JSON, only what it is written as.
    "cast(old.draft as text) DIFFERS cast(new.draft as text)",
]
WRITTEN_OFF = """(
  select coalesce(sum(earlier.amount_minor), 0) from write_off as earlier
  where earlier.workspace_id = {row}.workspace_id and earlier.invoice_id = {row}.{id}
)"""
# What is given up is never less than nothing nor more than the invoice asked for, and
# is taken back as a whole.
MISFIT = f"""
not exists (
  select 1 from invoice
  where invoice.id = new.invoice_id
  and invoice.workspace_id = new.workspace_id
  and invoice.customer_id = new.customer_id
  and invoice.currency = new.currency
  and invoice.state = 'issued'
  and invoice.due_minor >= new.amount_minor
    + {WRITTEN_OFF.format(row="new", id="invoice_id")}
)
or (
  new.amount_minor < 0
  and new.amount_minor + {WRITTEN_OFF.format(row="new", id="invoice_id")} <> 0
)
"""
VOIDED = """
old.state <> new.state and new.state = 'void' and exists (
  select 1 from write_off
  where write_off.workspace_id = old.workspace_id and write_off.invoice_id = old.id
)
"""

GUARDS = (
    Guard("write_off_stays", "write_off", "delete", "write-offs stay"),
    Guard("write_off_kept", "write_off", "update", "write-offs stay"),
    Guard(
        "write_off_fits",
        "write_off",
        "insert",
        "only what an issued invoice asks for is written off",
        MISFIT,
    ),
    Guard(
        "invoice_written_off",
        "invoice",
        "update",
        "what is written off follows from write-offs",
        "old.written_off_minor <> new.written_off_minor and new.written_off_minor <> "
        + WRITTEN_OFF.format(row="new", id="id"),
    ),
    Guard(
        "invoice_voided_once_written_off",
        "invoice",
        "update",
        "an invoice that was written off is not voided",
        VOIDED,
    ),
    Guard(
        "credit_note_of_written_off",
        "credit_note",
        "insert",
        "what is written off is not credited",
        f"{WRITTEN_OFF.format(row='new', id='invoice_id')} > 0",
    ),
    Guard(
        "invoice_added_cancelled",
        "invoice",
        "insert",
        "only a draft is cancelled, and with a reason",
        "new.cancelled_at is not null"
        " and (new.state <> 'draft' or new.cancel_reason = '')",
    ),
    Guard(
        "invoice_cancelled",
        "invoice",
        "update",
        "only a draft is cancelled, and with a reason",
        "old.cancelled_at is null and new.cancelled_at is not null"
        " and (old.state <> 'draft' or new.state <> 'draft'"
        " or old.deleted_at is not null or new.cancel_reason = '')",
    ),
    Guard(
        "invoice_cancelled_kept",
        "invoice",
        "update",
        "a cancelled draft never changes",
        f"old.cancelled_at is not null and ({' or '.join(FROZEN_DRAFT)})",
    ),
    Guard(
        "invoice_cancelled_stays",
        "invoice",
        "delete",
        "a cancelled draft stays",
        "old.cancelled_at is not null",
    ),
)


def upgrade() -> None:
    op.create_table(
        "write_off",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("staff_reason", sa.String(length=500), nullable=False),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.Column("written_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_write_off_amount")),
        sa.CheckConstraint("staff_reason <> ''", name=op.f("ck_write_off_reason")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customer.workspace_id", "customer.id"],
            name=op.f("fk_write_off_workspace_id_customer_id_customer"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "invoice_id"],
            ["invoice.workspace_id", "invoice.id"],
            name=op.f("fk_write_off_workspace_id_invoice_id_invoice"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_write_off_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_write_off")),
    )
    op.create_index(
        "ix_write_off_invoice", "write_off", ["workspace_id", "invoice_id", "id"]
    )
    op.create_index(
        "ix_write_off_customer", "write_off", ["workspace_id", "customer_id", "id"]
    )
    # In place, so SQLite keeps the triggers of the table.
    for column in (
        sa.Column(
            "written_off_minor", sa.BigInteger(), server_default="0", nullable=False
        ),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_reason", sa.String(500), server_default="", nullable=False),
    ):
        op.add_column("invoice", column)
    _derive_phase(PHASE)
    _raise_guards()


def downgrade() -> None:
    written_off = sa.text("select 1 from write_off limit 1")
    if op.get_bind().execute(written_off).first():
        raise RuntimeError(
            "Something was written off, which the earlier version can't reckon with. "
            "Go back by restoring a backup of before."
        )
    _drop_guards()
    _derive_phase(PHASE_BEFORE)
    for name in ("cancel_reason", "cancelled_at", "written_off_minor"):
        op.drop_column("invoice", name)
    op.drop_table("write_off")


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


def _raise_guards() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for guard in GUARDS:
            when = f"when {guard.when}" if guard.when else ""
            op.execute(
                f"create trigger {guard.name} before {guard.act} on {guard.table} "
                f"{when.replace('DIFFERS', 'is not')} "
                f"begin select raise(abort, '{guard.says}'); end"
            )
        return

    for guard in GUARDS:
        # WHEN can't hold a subquery on PostgreSQL, so the function asks.
        condition = guard.when.replace("DIFFERS", "is distinct from") or "true"
        op.execute(
            f"create function {guard.name}() returns trigger language plpgsql as $$ "
            f"begin if {condition} then raise exception '{guard.says}' "
            "using errcode = 'integrity_constraint_violation'; end if; "
            f"return {'old' if guard.act == 'delete' else 'new'}; end $$"
        )
        op.execute(
            f"create trigger {guard.name} before {guard.act} on {guard.table} "
            f"for each row execute function {guard.name}()"
        )


def _drop_guards() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for guard in GUARDS:
        if on_sqlite:
            op.execute(f"drop trigger {guard.name}")
        else:
            op.execute(f"drop trigger {guard.name} on {guard.table}")
            op.execute(f"drop function {guard.name}()")
