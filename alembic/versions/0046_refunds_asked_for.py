"""A refund that Stripe is asked for has a key of its own until it is answered."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "payment",
        sa.Column(
            "refunding_minor", sa.BigInteger(), nullable=False, server_default="0"
        ),
    )
    op.add_column(
        "payment",
        sa.Column(
            "refund_key", sa.String(length=80), nullable=False, server_default=""
        ),
    )


def downgrade() -> None:
    op.drop_column("payment", "refund_key")
    op.drop_column("payment", "refunding_minor")
