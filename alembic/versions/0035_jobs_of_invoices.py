"""An invoice says what job it is for, and is found by it."""

from dataclasses import dataclass

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


@dataclass(frozen=True)
class Guard:
    """A refusal: `when` uses old, new and DIFFERS."""

    name: str
    table: str
    act: str
    says: str
    when: str


GUARDS = (
    Guard(
        "invoice_job_kept",
        "invoice",
        "update",
        "an issued invoice never changes",
        "old.state <> 'draft' and (old.job DIFFERS new.job"
        " or old.job_key DIFFERS new.job_key)",
    ),
)


def upgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    sorting = None if on_sqlite else "C"
    # In place, so SQLite keeps the triggers of the table.
    op.add_column(
        "invoice",
        sa.Column("job", sa.String(200), nullable=False, server_default=""),
    )
    op.add_column("invoice", sa.Column("job_key", sa.String(200, collation=sorting)))
    op.create_index(
        "ix_invoice_job",
        "invoice",
        ["workspace_id", "job_key"],
        sqlite_where=sa.text("job_key is not null"),
        postgresql_where=sa.text("job_key is not null"),
    )
    for guard in GUARDS:
        if on_sqlite:
            op.execute(
                f"create trigger {guard.name} before {guard.act} on {guard.table} "
                f"when {guard.when.replace('DIFFERS', 'is not')} "
                f"begin select raise(abort, '{guard.says}'); end"
            )
            continue
        condition = guard.when.replace("DIFFERS", "is distinct from")
        op.execute(
            f"create function {guard.name}() returns trigger language plpgsql as $$ "
            f"begin if {condition} then raise exception '{guard.says}' "
            "using errcode = 'integrity_constraint_violation'; end if; "
            "return new; end $$"
        )
        op.execute(
            f"create trigger {guard.name} before {guard.act} on {guard.table} "
            f"for each row execute function {guard.name}()"
        )


def downgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for guard in GUARDS:
        if on_sqlite:
            op.execute(f"drop trigger {guard.name}")
        else:
            op.execute(f"drop trigger {guard.name} on {guard.table}")
            op.execute(f"drop function {guard.name}()")
    op.drop_index("ix_invoice_job", "invoice")
    op.drop_column("invoice", "job_key")
    op.drop_column("invoice", "job")
