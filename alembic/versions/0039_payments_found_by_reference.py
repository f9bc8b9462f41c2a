"""Payments are found by how their reference begins."""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

# By code point, as ranges that find prefixes need it; SQLite sorts so by itself.
SORTED = 'alter table payment alter column reference type varchar(140) collate "{}"'


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.execute(SORTED.format("C"))
    op.create_index(
        "ix_payment_reference", "payment", ["workspace_id", "reference", "id"]
    )


def downgrade() -> None:
    op.drop_index("ix_payment_reference", "payment")
    if op.get_bind().dialect.name != "sqlite":
        op.execute(SORTED.format("default"))
