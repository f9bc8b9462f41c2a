"""Invoices know the reference of their transfer and how long their delivery took."""

from dataclasses import dataclass

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


@dataclass(frozen=True)
class Guard:
    """A refusal on `invoice`."""

    name: str


GUARD = "invoice_reference_kept"
# `verify` looks for them.
GUARDS = (Guard(GUARD),)
SAYS = "an issued invoice never changes"
FROZEN = ("payment_reference", "delivery_until_on")


def upgrade() -> None:
    # In place, so SQLite keeps the triggers of these tables.
    op.add_column(
        "workspace_settings",
        sa.Column(
            "reference_kind", sa.String(10), nullable=False, server_default="none"
        ),
    )
    op.add_column("invoice", sa.Column("payment_reference", sa.String(27)))
    op.add_column("invoice", sa.Column("delivery_until_on", sa.Date()))
    filled = sa.text("payment_reference is not null")
    op.create_index(
        "ix_invoice_reference",
        "invoice",
        ["workspace_id", "payment_reference"],
        sqlite_where=filled,
        postgresql_where=filled,
    )
    if op.get_bind().dialect.name == "sqlite":
        changed = " or ".join(f"old.{x} is not new.{x}" for x in FROZEN)
        op.execute(
            f"create trigger {GUARD} before update on invoice "
            f"when old.state <> 'draft' and ({changed}) "
            f"begin select raise(abort, '{SAYS}'); end"
        )
        return
    changed = " or ".join(f"old.{x} is distinct from new.{x}" for x in FROZEN)
    op.execute(
        f"create function {GUARD}() returns trigger language plpgsql as $$ "
        f"begin if old.state <> 'draft' and ({changed}) "
        f"then raise exception '{SAYS}' "
        "using errcode = 'integrity_constraint_violation'; end if; "
        "return new; end $$"
    )
    op.execute(
        f"create trigger {GUARD} before update on invoice "
        f"for each row execute function {GUARD}()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"drop trigger {GUARD}")
    else:
        op.execute(f"drop trigger {GUARD} on invoice")
        op.execute(f"drop function {GUARD}()")
    op.drop_index("ix_invoice_reference", "invoice")
    op.drop_column("invoice", "delivery_until_on")
    op.drop_column("invoice", "payment_reference")
    op.drop_column("workspace_settings", "reference_kind")
