"""People choose which mails they get; a draft can be shown to its customer."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _add_table(
        "mail_refusal",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("email_key", sa.String(254), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False),
        _belongs_to("mail_refusal", "customer"),
        sa.UniqueConstraint(
            "workspace_id",
            "customer_id",
            "email_key",
            "kind",
            name=op.f("uq_mail_refusal_workspace_id_customer_id_email_key_kind"),
        ),
    )
    _add_table(
        "shared_draft",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("token_digest", sa.String(64), nullable=False),
        sa.Column("token_encrypted", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("shared_by", sa.BigInteger(), nullable=True),
        sa.Column("shared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        _belongs_to("shared_draft", "customer"),
        _belongs_to("shared_draft", "invoice"),
        sa.UniqueConstraint("token_digest", name=op.f("uq_shared_draft_token_digest")),
        sa.UniqueConstraint(
            "workspace_id",
            "invoice_id",
            name=op.f("uq_shared_draft_workspace_id_invoice_id"),
        ),
    )


def downgrade() -> None:
    op.drop_table("shared_draft")
    op.drop_table("mail_refusal")


def _add_table(name: str, *parts: sa.schema.SchemaItem) -> None:
    row_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        name,
        sa.Column("id", row_id, nullable=False),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        *parts,
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f(f"fk_{name}_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )


def _belongs_to(name: str, owner: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["workspace_id", f"{owner}_id"],
        [f"{owner}.workspace_id", f"{owner}.id"],
        name=op.f(f"fk_{name}_workspace_id_{owner}_id_{owner}"),
    )
