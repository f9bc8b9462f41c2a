"""Customers and lines carry fields of the workspace's own."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # In place, so SQLite keeps the triggers of these tables. What an issued invoice
    # has is held by `line_item_kept`, which refuses any change of its lines.
    for table, empty in (("customer", "{}"), ("line_item", "[]")):
        op.add_column(
            table,
            sa.Column("custom_fields", sa.JSON(), nullable=False, server_default=empty),
        )


def downgrade() -> None:
    op.drop_column("line_item", "custom_fields")
    op.drop_column("customer", "custom_fields")
