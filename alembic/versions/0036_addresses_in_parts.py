"""Addresses have parts, and machines know businesses by more than a VAT number.

What was typed before stays where it is: an address without parts is all of a text.
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0037"
branch_labels = None
depends_on = None

BOTH = {"postal_code": 20, "town": 100, "region": 100, "electronic_address": 100}
ADDED = {
    "workspace_settings": BOTH,
    "customer": {**BOTH, "registration": 80, "reference": 100},
}
# So that nothing of an address is lost on the way back.
AS_TEXT = """
update {table} set address = trim(
  address || :newline || trim(postal_code || ' ' || town) || :newline || region, :newline
) where postal_code || town || region <> ''
"""


def upgrade() -> None:
    for table, columns in ADDED.items():
        for name, length in columns.items():
            column = sa.Column(
                name, sa.String(length), nullable=False, server_default=""
            )
            # In place, so SQLite keeps the triggers of the table.
            op.add_column(table, column)


def downgrade() -> None:
    for table, columns in ADDED.items():
        op.execute(sa.text(AS_TEXT.format(table=table)).bindparams(newline="\n"))
        for name in columns:
            op.drop_column(table, name)
