"""Copies of invoices that were handed out are known again by their file."""

from dataclasses import dataclass

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0033"
branch_labels = None
depends_on = None


@dataclass(frozen=True)
class Guard:
    """A refusal of every change of a row."""

    name: str
    says: str


KEPT = Guard("printed_copy_kept", "a copy that was handed out never changes")
GUARDS = (KEPT,)


def upgrade() -> None:
    op.create_table(
        "printed_copy",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("file_digest", sa.String(length=64), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "invoice_id"],
            ["invoice.workspace_id", "invoice.id"],
            name=op.f("fk_printed_copy_workspace_id_invoice_id_invoice"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_printed_copy_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_printed_copy")),
        sa.UniqueConstraint(
            "workspace_id",
            "file_digest",
            name=op.f("uq_printed_copy_workspace_id_file_digest"),
        ),
    )
    op.create_index(
        op.f("ix_printed_copy_file_digest"), "printed_copy", ["file_digest"]
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"create trigger {KEPT.name} before update on printed_copy "
            f"begin select raise(abort, '{KEPT.says}'); end"
        )
        return
    op.execute(
        f"create function {KEPT.name}() returns trigger language plpgsql as $$ "
        f"begin raise exception '{KEPT.says}' "
        "using errcode = 'integrity_constraint_violation'; end $$"
    )
    op.execute(
        f"create trigger {KEPT.name} before update on printed_copy "
        f"for each row execute function {KEPT.name}()"
    )


def downgrade() -> None:
    op.drop_table("printed_copy")
    if op.get_bind().dialect.name != "sqlite":
        op.execute(f"drop function {KEPT.name}()")
