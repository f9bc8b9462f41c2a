"""A series may start again each year or month, with a counter for each of them."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "number_series",
        sa.Column("reset", sa.String(10), nullable=False, server_default="never"),
    )


def downgrade() -> None:
    # One counter goes on behind all of them. The older version knows no periods, so
    # `verify` will say that numbers are missing before the first that it takes.
    op.execute(
        "update number_series set next_value = (select max(each.next_value)"
        " from number_series each where each.workspace_id = number_series.workspace_id"
        " and (each.code = number_series.code"
        " or each.code like number_series.code || ':%'))"
    )
    op.drop_column("number_series", "reset")
