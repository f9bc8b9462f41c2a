"""The database itself refuses to change what must not change.

A batch migration on SQLite copies a table and drops its triggers: a later
migration that alters one of these tables has to create its guards again.
"""

from dataclasses import dataclass

from alembic import op

revision = "0002"
down_revision = "0001"
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


FROZEN_INVOICE = [
    "number",
    "series_code",
    "series_value",
    "customer_id",
    "customer_name",
    "currency",
    "prices_inclusive",
    "cash_rounding_minor",
    "rounding_minor",
    "decimals",
    "issued_on",
    "due_on",
    "delivery_on",
    "purchase_order",
    "notes",
    "terms",
    "look",
    "net_minor",
    "tax_minor",
    "total_minor",
    "prepaid_minor",
    "due_minor",
    "issued_at",
]
FROZEN_DOCUMENT = [
    "kind",
    "invoice_id",
    "payment_id",
    "number",
    "content",
    "content_digest",
    "issued_at",
]
FROZEN_PAYMENT = [
    "customer_id",
    "amount_minor",
    "currency",
    "received_on",
    "method",
    "provider",
    "provider_payment_id",
]


def changed(columns: list[str]) -> str:
    return " or ".join(f"old.{column} DIFFERS new.{column}" for column in columns)


def not_draft(which: str) -> str:
    return (
        "exists (select 1 from invoice"
        f" where invoice.id = {which}.invoice_id and invoice.state <> 'draft')"
    )


GUARDS = (
    Guard("ledger_entry_kept", "ledger_entry", "update", "ledger entries stay"),
    Guard("ledger_entry_stays", "ledger_entry", "delete", "ledger entries stay"),
    Guard("audit_entry_kept", "audit_entry", "update", "audit entries stay"),
    Guard("audit_entry_stays", "audit_entry", "delete", "audit entries stay"),
    Guard("allocation_kept", "allocation", "update", "allocations stay"),
    Guard("allocation_stays", "allocation", "delete", "allocations stay"),
    Guard("refund_kept", "refund", "update", "refunds stay"),
    Guard("refund_stays", "refund", "delete", "refunds stay"),
    Guard("payment_stays", "payment", "delete", "payments stay"),
    Guard(
        "payment_kept",
        "payment",
        "update",
        "a payment keeps its facts",
        changed(FROZEN_PAYMENT),
    ),
    Guard(
        "payment_step",
        "payment",
        "update",
        "what was taken back stays so",
        "old.status <> new.status and old.status <> 'held'"
        " and not (old.status = 'settled' and new.status = 'reversed')",
    ),
    Guard("document_stays", "issued_document", "delete", "documents stay"),
    Guard(
        "document_kept",
        "issued_document",
        "update",
        "an issued document never changes",
        changed(FROZEN_DOCUMENT),
    ),
    Guard(
        "invoice_step",
        "invoice",
        "update",
        "an invoice only goes from draft to issued to void",
        "old.state <> new.state and not (old.state = 'draft' and new.state = 'issued')"
        " and not (old.state = 'issued' and new.state = 'void')",
    ),
    Guard(
        "invoice_kept",
        "invoice",
        "update",
        "an issued invoice never changes",
        f"old.state <> 'draft' and ({changed(FROZEN_INVOICE)})",
    ),
    Guard(
        "invoice_stays",
        "invoice",
        "delete",
        "an issued invoice stays",
        "old.state <> 'draft'",
    ),
    Guard(
        "line_item_not_added",
        "line_item",
        "insert",
        "an issued invoice keeps its lines",
        not_draft("new"),
    ),
    Guard(
        "line_item_kept",
        "line_item",
        "update",
        "an issued invoice keeps its lines",
        not_draft("old"),
    ),
    Guard(
        "line_item_stays",
        "line_item",
        "delete",
        "an issued invoice keeps its lines",
        not_draft("old"),
    ),
)


def upgrade() -> None:
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
            f"return {'old' if guard.act == 'delete' else 'new'}; end $$"
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
