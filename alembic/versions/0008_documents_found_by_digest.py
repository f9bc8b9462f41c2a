"""Documents are found by what they say and by their file, to be checked."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TABLES = ("issued_document", "credit_note")
_COLUMNS = ("content_digest", "pdf_digest")


def upgrade() -> None:
    for table in _TABLES:
        for column in _COLUMNS:
            op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    for table in _TABLES:
        for column in _COLUMNS:
            op.drop_index(f"ix_{table}_{column}", table)
