"""What is due is rounded by currency, where one step was kept for all of them."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "workspace_settings",
        sa.Column("cash_rounding", sa.JSON(), nullable=False, server_default="{}"),
    )
    # Nothing ever set it: it is zero in every row.
    op.drop_column("workspace_settings", "cash_rounding_minor")


def downgrade() -> None:
    op.add_column(
        "workspace_settings",
        sa.Column(
            "cash_rounding_minor", sa.Integer(), nullable=False, server_default="0"
        ),
    )
    op.drop_column("workspace_settings", "cash_rounding")
