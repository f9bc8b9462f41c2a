"""Late fees: the rule, customers who are charged none, and which fee was charged."""

from dataclasses import dataclass

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0026"
branch_labels = None
depends_on = None


@dataclass(frozen=True)
class Guard:
    """A refusal: `when` uses new; empty means always."""

    name: str
    act: str
    says: str
    when: str = ""


# Both are issued, of one customer and in one currency; and none is charged on a fee.
MISFIT = """
not exists (
  select 1 from invoice
  where invoice.id = new.invoice_id
  and invoice.workspace_id = new.workspace_id
  and invoice.customer_id = new.customer_id
  and invoice.currency = new.currency
  and invoice.state <> 'draft'
)
or not exists (
  select 1 from invoice as fee
  where fee.id = new.fee_id
  and fee.workspace_id = new.workspace_id
  and fee.customer_id = new.customer_id
  and fee.currency = new.currency
  and fee.state <> 'draft'
)
or exists (
  select 1 from late_fee as other
  where other.workspace_id = new.workspace_id
  and (other.fee_id = new.invoice_id or other.invoice_id = new.fee_id)
)
"""
GUARDS = (
    Guard("late_fee_stays", "delete", "late fees stay on record"),
    Guard("late_fee_kept", "update", "late fees stay on record"),
    Guard(
        "late_fee_fits",
        "insert",
        "a late fee is an issued invoice for another one of the same customer",
        MISFIT,
    ),
)


def upgrade() -> None:
    op.create_table(
        "late_fee",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("fee_id", sa.BigInteger(), nullable=False),
        sa.Column("overdue_minor", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("charged_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_late_fee_amount")),
        sa.CheckConstraint("step > 0", name=op.f("ck_late_fee_step")),
        sa.CheckConstraint("fee_id <> invoice_id", name=op.f("ck_late_fee_of_another")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customer.workspace_id", "customer.id"],
            name=op.f("fk_late_fee_workspace_id_customer_id_customer"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "invoice_id"],
            ["invoice.workspace_id", "invoice.id"],
            name=op.f("fk_late_fee_workspace_id_invoice_id_invoice"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "fee_id"],
            ["invoice.workspace_id", "invoice.id"],
            name=op.f("fk_late_fee_workspace_id_fee_id_invoice"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_late_fee_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_fee")),
        sa.UniqueConstraint(
            "workspace_id",
            "invoice_id",
            "step",
            name=op.f("uq_late_fee_workspace_id_invoice_id_step"),
        ),
        sa.UniqueConstraint(
            "workspace_id", "fee_id", name=op.f("uq_late_fee_workspace_id_fee_id")
        ),
    )
    op.create_index(
        "ix_late_fee_customer", "late_fee", ["workspace_id", "customer_id", "id"]
    )
    # In place, so SQLite keeps the triggers of the tables.
    op.add_column(
        "workspace_settings",
        sa.Column("late_fees", sa.JSON(), server_default="{}", nullable=False),
    )
    op.add_column(
        "customer",
        sa.Column(
            "is_free_of_late_fees",
            sa.Boolean(),
            server_default=sa.false(),
            nullable=False,
        ),
    )
    _raise_guards()


def downgrade() -> None:
    charged = sa.text("select 1 from late_fee limit 1")
    if op.get_bind().execute(charged).first():
        raise RuntimeError(
            "Late fees were charged, which the earlier version would not know as "
            "such. Go back by restoring a backup of before."
        )
    _drop_guards()
    op.drop_column("customer", "is_free_of_late_fees")
    op.drop_column("workspace_settings", "late_fees")
    op.drop_table("late_fee")


def _raise_guards() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for guard in GUARDS:
            when = f"when {guard.when}" if guard.when else ""
            op.execute(
                f"create trigger {guard.name} before {guard.act} on late_fee {when} "
                f"begin select raise(abort, '{guard.says}'); end"
            )
        return

    for guard in GUARDS:
        # WHEN can't hold a subquery on PostgreSQL, so the function asks.
        op.execute(
            f"create function {guard.name}() returns trigger language plpgsql as $$ "
            f"begin if {guard.when or 'true'} then raise exception '{guard.says}' "
            "using errcode = 'integrity_constraint_violation'; end if; "
            f"return {'old' if guard.act == 'delete' else 'new'}; end $$"
        )
        op.execute(
            f"create trigger {guard.name} before {guard.act} on late_fee "
            f"for each row execute function {guard.name}()"
        )


def _drop_guards() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for guard in GUARDS:
        if on_sqlite:
            op.execute(f"drop trigger {guard.name}")
        else:
            op.execute(f"drop trigger {guard.name} on late_fee")
            op.execute(f"drop function {guard.name}()")
