"""A tax comes with another one, and may be on top of it."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0021"
branch_labels = None
depends_on = None

KEY = "fk_tax_rate_with_tax_id_tax_rate"


def upgrade() -> None:
    # One statement on both: SQLite adds a column with its key, and no key later.
    op.execute(
        "alter table tax_rate add column with_tax_id bigint"
        f" constraint {KEY} references tax_rate (id)"
    )
    op.add_column(
        "tax_rate",
        sa.Column(
            "is_compound", sa.Boolean(), nullable=False, server_default=sa.false()
        ),
    )


def downgrade() -> None:
    op.drop_column("tax_rate", "is_compound")
    op.execute("alter table tax_rate drop column with_tax_id")
