"""Copies of invoices that were handed out stay; they were kept from changes already."""

from dataclasses import dataclass

from alembic import op

revision = "0038"
down_revision = "0036"
branch_labels = None
depends_on = None


@dataclass(frozen=True)
class Guard:
    """A refusal to delete a row."""

    name: str
    says: str


STAYS = Guard("printed_copy_stays", "a copy that was handed out stays")
# `verify` looks for them.
GUARDS = (STAYS,)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"create trigger {STAYS.name} before delete on printed_copy "
            f"begin select raise(abort, '{STAYS.says}'); end"
        )
        return
    op.execute(
        f"create function {STAYS.name}() returns trigger language plpgsql as $$ "
        f"begin raise exception '{STAYS.says}' "
        "using errcode = 'integrity_constraint_violation'; end $$"
    )
    op.execute(
        f"create trigger {STAYS.name} before delete on printed_copy "
        f"for each row execute function {STAYS.name}()"
    )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"drop trigger {STAYS.name}")
        return
    op.execute(f"drop trigger {STAYS.name} on printed_copy")
    op.execute(f"drop function {STAYS.name}()")
