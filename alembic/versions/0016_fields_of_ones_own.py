"""Invoices carry fields of the workspace's own; taxes may be due in a currency."""

from dataclasses import dataclass

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0018"
branch_labels = None
depends_on = None


@dataclass(frozen=True)
class Guard:
    """A refusal on `invoice`."""

    name: str


GUARD = "invoice_fields_kept"
# `verify` looks for them.
GUARDS = (Guard(GUARD),)
SAYS = "an issued invoice never changes"


def upgrade() -> None:
    # In place, so SQLite keeps the triggers of these tables.
    for table in ("workspace_settings", "invoice"):
        op.add_column(
            table,
            sa.Column("custom_fields", sa.JSON(), nullable=False, server_default="[]"),
        )
    op.add_column(
        "workspace_settings",
        sa.Column("tax_currency", sa.String(3), nullable=False, server_default=""),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"create trigger {GUARD} before update on invoice "
            "when old.state <> 'draft' and old.custom_fields is not new.custom_fields "
            f"begin select raise(abort, '{SAYS}'); end"
        )
        return
    op.execute(
        f"create function {GUARD}() returns trigger language plpgsql as $$ "
        "begin if old.state <> 'draft' "
        "and old.custom_fields::text is distinct from new.custom_fields::text "
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
    op.drop_column("workspace_settings", "tax_currency")
    op.drop_column("workspace_settings", "custom_fields")
    op.drop_column("invoice", "custom_fields")
