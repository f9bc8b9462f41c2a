"""Receipts are found by their payment, however many a business has written."""

from alembic import op

revision = "0042"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_issued_document_payment", "issued_document", ["workspace_id", "payment_id"]
    )


def downgrade() -> None:
    op.drop_index("ix_issued_document_payment", "issued_document")
