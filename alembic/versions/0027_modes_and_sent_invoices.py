"""An invoice knows its mode, and those that were marked as sent are found by an index."""

from dataclasses import dataclass

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0025"
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
        "invoice_mode_kept",
        "invoice",
        "update",
        "an issued invoice never changes",
        "old.state <> 'draft' and old.mode DIFFERS new.mode",
    ),
)
# A draft says it as typed, an issued invoice as printed.
BACKFILL = """
update invoice set mode = coalesce({draft}, (
  select {printed} from issued_document
  where issued_document.workspace_id = invoice.workspace_id
  and issued_document.invoice_id = invoice.id and issued_document.kind = 'invoice'
), 'lines')
"""


def upgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    # In place, so SQLite keeps the triggers of the table.
    op.add_column(
        "invoice",
        sa.Column("mode", sa.String(10), nullable=False, server_default="lines"),
    )
    op.create_index("ix_invoice_sent", "invoice", ["workspace_id", "phase", "sent_at"])
    draft, printed = (
        ("json_extract(draft, '$.mode')", "json_extract(content, '$.mode')")
        if on_sqlite
        else ("draft ->> 'mode'", "cast(content as json) ->> 'mode'")
    )
    op.execute(BACKFILL.format(draft=draft, printed=printed))
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
    op.drop_index("ix_invoice_sent", "invoice")
    op.drop_column("invoice", "mode")
