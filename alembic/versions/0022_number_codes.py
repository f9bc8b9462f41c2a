"""A customer has a code that stands for it in numbers, and keeps it once one has it."""

from dataclasses import dataclass

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0024"
branch_labels = None
depends_on = None


@dataclass(frozen=True)
class Guard:
    """A refusal: `when` uses old, new and DIFFERS; empty means always."""

    name: str
    table: str
    act: str
    says: str
    when: str = ""


# Codes are of A to Z and digits, so nothing in them means anything to LIKE.
COUNTED = """
old.number_code is not null and old.number_code DIFFERS new.number_code and exists (
  select 1 from number_series
  where number_series.workspace_id = old.workspace_id
  and (number_series.code in (
    'i@' || old.number_code, 'r@' || old.number_code, 'c@' || old.number_code
  ) or number_series.code like '_@' || old.number_code || ':%')
)
"""
GUARDS = (
    Guard(
        "customer_number_code_kept",
        "customer",
        "update",
        "a code that numbers have stays",
        COUNTED,
    ),
)
# Of numbers that a later version gave, before somebody went back and came again.
BACKFILL = """
update customer set number_code = (
  select max({code}) from {table}
  where {table}.workspace_id = customer.workspace_id
  and {table}.customer_id = customer.id and {table}.series_code like '_@%'
) where number_code is null
"""
CODE = {
    "sqlite": "substr(series_code, 3, instr(series_code || ':', ':') - 3)",
    "postgresql": "split_part(substr(series_code, 3), ':', 1)",
}


def upgrade() -> None:
    # In place, so SQLite keeps the triggers of the table.
    op.add_column("customer", sa.Column("number_code", sa.String(8), nullable=True))
    code = CODE[op.get_bind().dialect.name]
    for table in ("invoice", "credit_note"):
        op.execute(BACKFILL.format(code=code, table=table))
    op.create_index(
        "ix_customer_number_code",
        "customer",
        ["workspace_id", "number_code"],
        unique=True,
        sqlite_where=sa.text("number_code is not null"),
        postgresql_where=sa.text("number_code is not null"),
    )
    _raise_guards()


def downgrade() -> None:
    by_customer = (
        "select 1 from number_series where pattern like '%{customer}%' limit 1"
    )
    if op.get_bind().execute(sa.text(by_customer)).first():
        raise RuntimeError(
            "Numbers are counted by customer, which the earlier version can't. Choose "
            "a pattern without {customer} in Settings, Numbers and terms first."
        )
    _drop_guards()
    op.drop_index("ix_customer_number_code", "customer")
    op.drop_column("customer", "number_code")


def _raise_guards() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for guard in GUARDS:
            when = f"when {guard.when}" if guard.when else ""
            op.execute(
                f"create trigger {guard.name} before {guard.act} on {guard.table} "
                f"{when.replace('DIFFERS', 'is not')} "
                f"begin select raise(abort, '{guard.says}'); end"
            )
        return

    for guard in GUARDS:
        # WHEN can't hold a subquery on PostgreSQL, so the function asks.
        condition = guard.when.replace("DIFFERS", "is distinct from") or "true"
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


def _drop_guards() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for guard in GUARDS:
        if on_sqlite:
            op.execute(f"drop trigger {guard.name}")
        else:
            op.execute(f"drop trigger {guard.name} on {guard.table}")
            op.execute(f"drop function {guard.name}()")
