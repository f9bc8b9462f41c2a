"""A customer who was recorded twice says which of the two is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

KEY = "fk_customer_merged_into_id_customer"
INDEX = "ix_customer_merged"
IS_MERGED = sa.text("merged_into_id is not null")


def upgrade() -> None:
    # One statement on both: SQLite adds a column with its key, and no key later.
    op.execute(
        "alter table customer add column merged_into_id bigint"
        f" constraint {KEY} references customer (id)"
    )
    op.create_index(
        INDEX,
        "customer",
        ["workspace_id", "merged_into_id"],
        postgresql_where=IS_MERGED,
        sqlite_where=IS_MERGED,
    )


def downgrade() -> None:
    op.drop_index(INDEX, "customer")
    op.execute("alter table customer drop column merged_into_id")
