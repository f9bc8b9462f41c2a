"""Invoices that people without an account are writing."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "guest_draft",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("token_digest", sa.String(64), nullable=False),
        sa.Column("form", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guest_draft")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_guest_draft_token_digest")),
    )
    op.create_index(op.f("ix_guest_draft_changed_at"), "guest_draft", ["changed_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_guest_draft_changed_at"), "guest_draft")
    op.drop_table("guest_draft")
