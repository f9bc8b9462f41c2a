"""Events know the line that bills them, and stay as they are once billed."""

from dataclasses import dataclass

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

FROZEN = [
    "customer_id",
    "kind",
    "reference",
    "description",
    "happened_at",
    "quantity",
    "unit",
    "rate",
    "amount",
    "currency",
    "invoice_id",
    "line_key",
    "line_position",
    "billed_at",
]


@dataclass(frozen=True)
class Guard:
    """A refusal on `billable_event`: `when` uses old, new and DIFFERS."""

    name: str
    act: str
    says: str
    when: str


# The changes below alter the table in place, so SQLite keeps its triggers.
GUARDS = (
    Guard(
        "billable_event_stays",
        "delete",
        "billed events stay",
        "old.billed_at is not null",
    ),
    Guard(
        "billable_event_kept",
        "update",
        "a billed event never changes",
        "old.billed_at is not null and ("
        + " or ".join(f"old.{column} DIFFERS new.{column}" for column in FROZEN)
        # PostgreSQL can't compare JSON, only its text.
        + " or cast(old.factors as text) DIFFERS cast(new.factors as text))",
    ),
)


def upgrade() -> None:
    op.add_column(
        "billable_event",
        sa.Column("line_key", sa.String(40), nullable=False, server_default=""),
    )
    op.create_index(
        "ix_billable_event_happened",
        "billable_event",
        ["workspace_id", "customer_id", "invoice_id", "happened_at", "id"],
    )
    op.drop_index("ix_billable_event_unbilled", "billable_event")
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for guard in GUARDS:
        if on_sqlite:
            op.execute(
                f"create trigger {guard.name} before {guard.act} on billable_event "
                f"when {guard.when.replace('DIFFERS', 'is not')} "
                f"begin select raise(abort, '{guard.says}'); end"
            )
            continue
        condition = guard.when.replace("DIFFERS", "is distinct from")
        op.execute(
            f"create function {guard.name}() returns trigger language plpgsql as $$ "
            f"begin if {condition} then raise exception '{guard.says}' "
            "using errcode = 'integrity_constraint_violation'; end if; "
            f"return {'old' if guard.act == 'delete' else 'new'}; end $$"
        )
        op.execute(
            f"create trigger {guard.name} before {guard.act} on billable_event "
            f"for each row execute function {guard.name}()"
        )


def downgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for guard in GUARDS:
        if on_sqlite:
            op.execute(f"drop trigger {guard.name}")
        else:
            op.execute(f"drop trigger {guard.name} on billable_event")
            op.execute(f"drop function {guard.name}()")
    op.create_index(
        "ix_billable_event_unbilled",
        "billable_event",
        ["workspace_id", "customer_id", "id"],
    )
    op.drop_index("ix_billable_event_happened", "billable_event")
    op.drop_column("billable_event", "line_key")
