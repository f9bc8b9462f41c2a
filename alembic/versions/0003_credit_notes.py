"""Credit notes: what lowers an issued invoice, and an invoice's new standing.

`invoice.phase` is derived by the database and learns the word `credited`. SQLite
can't change how a column is derived, so it is dropped and made again, virtual this
time, with its indexes; the table itself, and so its guards, stay where they are.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PHASE_BEFORE = """
case when deleted_at is not null then 'deleted' else
case when archived_at is not null then 'archived_' else '' end ||
case when state <> 'issued' then state
when outstanding_minor <= 0 then 'paid'
when processing_minor >= outstanding_minor then 'processing'
when outstanding_minor < total_minor then 'partial'
else 'unpaid' end end
"""
PHASE = """
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


@dataclass(frozen=True)
class Guard:
    """A refusal: `when` uses old, new and DIFFERS; empty means always."""

    name: str
    table: str
    act: str
    says: str
    when: str = ""


# What may still change: the printed file, and whether the customer sees it.
FROZEN = [
    "customer_id",
    "invoice_id",
    "dispute_id",
    "number",
    "series_code",
    "series_value",
    "mode",
    "currency",
    "issued_on",
    "issued_at",
    "issued_by",
    "reason",
    "net_minor",
    "tax_minor",
    "total_minor",
    "prepaid_minor",
    "rounding_minor",
    "amount_minor",
    "content",
    "content_digest",
    "request_key",
]
# PostgreSQL can't compare JSON, only what it is written as.
FROZEN_JSON = ["lines", "shares"]

CHANGED = " or ".join(
    [f"old.{column} DIFFERS new.{column}" for column in FROZEN]
    + [
        f"cast(old.{column} as text) DIFFERS cast(new.{column} as text)"
        for column in FROZEN_JSON
    ]
)
TOO_MUCH = """
not exists (
  select 1 from invoice
  where invoice.id = new.invoice_id
  and invoice.workspace_id = new.workspace_id
  and invoice.customer_id = new.customer_id
  and invoice.currency = new.currency
  and invoice.state = 'issued'
  and invoice.total_minor >= new.total_minor + (
    select coalesce(sum(earlier.total_minor), 0) from credit_note as earlier
    where earlier.workspace_id = new.workspace_id
    and earlier.invoice_id = new.invoice_id
  )
)
"""
CREDITED = """
old.state <> new.state and new.state = 'void' and exists (
  select 1 from credit_note
  where credit_note.workspace_id = old.workspace_id
  and credit_note.invoice_id = old.id
)
"""

GUARDS = (
    Guard("credit_note_stays", "credit_note", "delete", "credit notes stay"),
    Guard(
        "credit_note_kept",
        "credit_note",
        "update",
        "a credit note never changes",
        CHANGED,
    ),
    Guard(
        "credit_note_fits",
        "credit_note",
        "insert",
        "no more is credited than an issued invoice comes to",
        TOO_MUCH,
    ),
    Guard(
        "invoice_credited",
        "invoice",
        "update",
        "a credited invoice is not voided",
        CREDITED,
    ),
)


def upgrade() -> None:
    op.create_table(
        "credit_note",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_digest", sa.String(length=64), nullable=False),
        sa.Column("pdf_digest", sa.String(length=64), nullable=False),
        sa.Column("pdf_error", sa.String(length=300), nullable=False),
        sa.Column("page_count", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("dispute_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "number",
            sa.String(length=60).with_variant(
                sa.String(length=60, collation="C"), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column("series_code", sa.String(length=20), nullable=False),
        sa.Column("series_value", sa.BigInteger(), nullable=False),
        sa.Column("mode", sa.String(length=10), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("prepaid_minor", sa.BigInteger(), nullable=False),
        sa.Column("rounding_minor", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("shares", sa.JSON(), nullable=False),
        sa.Column("request_key", sa.String(length=64), nullable=True),
        sa.Column("issued_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "mode in ('whole', 'lines', 'amount')", name=op.f("ck_credit_note_mode")
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_credit_note_reason")),
        sa.CheckConstraint(
            "net_minor + tax_minor = total_minor", name=op.f("ck_credit_note_total")
        ),
        sa.CheckConstraint(
            "total_minor - prepaid_minor + rounding_minor = amount_minor",
            name=op.f("ck_credit_note_effect"),
        ),
        sa.CheckConstraint(
            "total_minor > 0 and amount_minor >= 0", name=op.f("ck_credit_note_amount")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customer.workspace_id", "customer.id"],
            name=op.f("fk_credit_note_workspace_id_customer_id_customer"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "invoice_id"],
            ["invoice.workspace_id", "invoice.id"],
            name=op.f("fk_credit_note_workspace_id_invoice_id_invoice"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_credit_note_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_note")),
        sa.UniqueConstraint(
            "workspace_id", "id", name=op.f("uq_credit_note_workspace_id_id")
        ),
        sa.UniqueConstraint(
            "workspace_id",
            "invoice_id",
            "request_key",
            name=op.f("uq_credit_note_workspace_id_invoice_id_request_key"),
        ),
        sa.UniqueConstraint(
            "workspace_id", "number", name=op.f("uq_credit_note_workspace_id_number")
        ),
        sa.UniqueConstraint(
            "workspace_id",
            "series_code",
            "series_value",
            name=op.f("uq_credit_note_workspace_id_series_code_series_value"),
        ),
    )
    op.create_index(
        "ix_credit_note_customer",
        "credit_note",
        ["workspace_id", "customer_id", "issued_on", "id"],
        unique=False,
    )
    op.create_index(
        "ix_credit_note_invoice",
        "credit_note",
        ["workspace_id", "invoice_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_credit_note_issued",
        "credit_note",
        ["workspace_id", "issued_on", "id"],
        unique=False,
    )
    op.add_column(
        "invoice",
        sa.Column(
            "credited_minor", sa.BigInteger(), server_default="0", nullable=False
        ),
    )
    op.add_column("invoice", sa.Column("replaces_id", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_invoice_replaces", "invoice", ["workspace_id", "replaces_id"], unique=False
    )
    op.execute(
        "insert into number_series (workspace_id, code, pattern, next_value)"
        " select id, 'credit_note', 'CN-{counter:5}', 1 from workspace"
    )
    _derive_phase(PHASE)
    _raise_guards()


def downgrade() -> None:
    _drop_guards()
    _derive_phase(PHASE_BEFORE)
    op.execute("delete from number_series where code = 'credit_note'")
    op.drop_index("ix_invoice_replaces", "invoice")
    op.drop_column("invoice", "replaces_id")
    op.drop_column("invoice", "credited_minor")
    op.drop_table("credit_note")


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
