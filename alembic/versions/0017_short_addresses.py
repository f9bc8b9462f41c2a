"""Portal links have a short address, found by its keyed digest."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Links made before have none until staff copy or share them the next time.
    op.add_column("portal_link", sa.Column("short_digest", sa.String(64)))
    op.create_index(
        "ix_portal_link_short", "portal_link", ["short_digest"], unique=True
    )


def downgrade() -> None:
    op.drop_index("ix_portal_link_short", "portal_link")
    op.drop_column("portal_link", "short_digest")
