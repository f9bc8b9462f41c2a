"""Audit entries are sealed in a chain for each workspace."""

from dataclasses import dataclass

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


@dataclass(frozen=True)
class Guard:
    """A refusal on `audit_seal`, always."""

    name: str
    act: str


GUARDS = (Guard("audit_seal_kept", "update"), Guard("audit_seal_stays", "delete"))
_SAYS = "seals of the audit trail stay"


def upgrade() -> None:
    op.create_table(
        "audit_seal",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_audit_seal_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_seal")),
        sa.UniqueConstraint(
            "workspace_id", "entry_id", name=op.f("uq_audit_seal_workspace_id_entry_id")
        ),
        sa.UniqueConstraint(
            "workspace_id", "place", name=op.f("uq_audit_seal_workspace_id_place")
        ),
    )
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for guard in GUARDS:
        if on_sqlite:
            op.execute(
                f"create trigger {guard.name} before {guard.act} on audit_seal "
                f"begin select raise(abort, '{_SAYS}'); end"
            )
            continue
        op.execute(
            f"create function {guard.name}() returns trigger language plpgsql as $$ "
            f"begin raise exception '{_SAYS}' "
            "using errcode = 'integrity_constraint_violation'; end $$"
        )
        op.execute(
            f"create trigger {guard.name} before {guard.act} on audit_seal "
            f"for each row execute function {guard.name}()"
        )


def downgrade() -> None:
    op.drop_table("audit_seal")
    if op.get_bind().dialect.name != "sqlite":
        for guard in GUARDS:
            op.execute(f"drop function {guard.name}()")
