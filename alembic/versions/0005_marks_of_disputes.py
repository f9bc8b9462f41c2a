"""Each dispute's conversation is read and mailed about apart."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_OLD = ["workspace_id", "invoice_id", "side"]
_NEW = ["workspace_id", "invoice_id", "dispute_id", "side"]
_NAME = "uq_thread_mark_workspace_id_invoice_id"


def upgrade() -> None:
    # SQLite copies the table: it has no guards, and nothing points to it.
    with op.batch_alter_table("thread_mark") as batch_op:
        batch_op.add_column(
            sa.Column("dispute_id", sa.BigInteger(), nullable=False, server_default="0")
        )
        batch_op.drop_constraint(f"{_NAME}_side", type_="unique")
        batch_op.create_unique_constraint(op.f(f"{_NAME}_dispute_id_side"), _NEW)
    with op.batch_alter_table("thread_mark") as batch_op:
        batch_op.alter_column("dispute_id", server_default=None)


def downgrade() -> None:
    op.execute("delete from thread_mark where dispute_id <> 0")
    with op.batch_alter_table("thread_mark") as batch_op:
        batch_op.drop_constraint(f"{_NAME}_dispute_id_side", type_="unique")
        batch_op.drop_column("dispute_id")
        batch_op.create_unique_constraint(op.f(f"{_NAME}_side"), _OLD)
