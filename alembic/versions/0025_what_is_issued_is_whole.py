"""The guards hold the whole of what is issued, and the audit trail names its files.

They stand beside the earlier ones, which hold the other columns. What may still change,
and why, is in tests/database/test_guards.py.
"""

from dataclasses import dataclass

from alembic import op

revision = "0025"
down_revision = "0022"
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


ROW = ["id", "workspace_id"]
INVOICE = [
    *ROW,
    "customer_name_key",
    "cancel_reason",
    "cancelled_at",
    "version",
    "source_id",
    "replaces_id",
    "created_by",
    "created_at",
    "changed_at",
    "deleted_at",
]
# PostgreSQL can't compare JSON, only what it is written as.
INVOICE_JSON = ["adjustments", "draft"]
PAYMENT = [
    *ROW,
    "invoice_id",
    "method_detail",
    "reference",
    "hold_reason",
    "attempt_id",
    "request_key",
    "recorded_by",
    "created_at",
]


def changed(columns: list[str]) -> str:
    return " or ".join(f"old.{column} DIFFERS new.{column}" for column in columns)


def rewritten(columns: list[str]) -> str:
    return " or ".join(
        f"cast(old.{column} as text) DIFFERS cast(new.{column} as text)"
        for column in columns
    )


def taken_back(instants: list[str]) -> str:
    return " or ".join(
        f"(old.{instant} is not null and old.{instant} DIFFERS new.{instant})"
        for instant in instants
    )


# Empty until the file is made; the file is made once.
SWAPPED = """
(old.pdf_digest <> '' and old.pdf_digest DIFFERS new.pdf_digest)
or (old.page_count <> 0 and old.page_count DIFFERS new.page_count)
"""
VOIDED_OTHERWISE = f"""
not (old.state = 'issued' and new.state = 'void')
and ({changed(["void_reason", "voided_at"])})
"""

GUARDS = (
    Guard(
        "invoice_kept_whole",
        "invoice",
        "update",
        "an issued invoice never changes",
        f"old.state <> 'draft' and ({changed(INVOICE)} or {rewritten(INVOICE_JSON)}"
        f" or {taken_back(['published_at', 'sent_at', 'first_viewed_at'])}"
        f" or ({VOIDED_OTHERWISE}))",
    ),
    Guard(
        "line_item_not_moved",
        "line_item",
        "update",
        "an issued invoice keeps its lines",
        "exists (select 1 from invoice"
        " where invoice.id = new.invoice_id and invoice.state <> 'draft')",
    ),
    Guard(
        "document_kept_whole",
        "issued_document",
        "update",
        "an issued document never changes",
        f"{changed([*ROW, 'customer_id'])} or {SWAPPED}",
    ),
    Guard(
        "credit_note_kept_whole",
        "credit_note",
        "update",
        "a credit note never changes",
        f"{changed(ROW)} or {SWAPPED}",
    ),
    Guard(
        "payment_kept_whole",
        "payment",
        "update",
        "a payment keeps its facts",
        f"{changed(PAYMENT)} or {taken_back(['disputed_at'])}",
    ),
    Guard(
        "billable_event_kept_whole",
        "billable_event",
        "update",
        "a billed event never changes",
        f"old.billed_at is not null and ({changed([*ROW, 'created_at'])}"
        f" or {rewritten(['details'])} or {taken_back(['shown_at'])})",
    ),
)


# What was printed so far is noted as it is today.
NOTE_PRINTED = """
insert into audit_entry (
  workspace_id, event, actor, actor_name, invoice_id, customer_id, details, at
)
select
  workspace_id, 'document_printed', 'system:migrate', '', invoice_id, customer_id,
  {object}(
    'number', number, 'content_digest', content_digest, 'pdf_digest', pdf_digest,
    'payment_id', payment_id, 'credit_note_id', credit_note_id
  ),
  current_timestamp
from (
  select workspace_id, invoice_id, customer_id, number, content_digest, pdf_digest,
  nullif(payment_id, 0) as payment_id, null as credit_note_id, issued_at
  from issued_document
  union all
  select workspace_id, invoice_id, customer_id, number, content_digest, pdf_digest,
  null, id, issued_at
  from credit_note
) as printed
where pdf_digest <> '' and not exists (
  select 1 from audit_entry as noted
  where noted.workspace_id = printed.workspace_id
  and noted.invoice_id = printed.invoice_id
  and noted.event = 'document_printed'
  and {noted_digest} = printed.pdf_digest
)
order by issued_at, invoice_id
"""


def upgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    to_json, noted_digest = (
        ("json_object", "json_extract(noted.details, '$.pdf_digest')")
        if on_sqlite
        else ("json_build_object", "noted.details ->> 'pdf_digest'")
    )
    op.execute(NOTE_PRINTED.format(object=to_json, noted_digest=noted_digest))
    if on_sqlite:
        for guard in GUARDS:
            op.execute(
                f"create trigger {guard.name} before {guard.act} on {guard.table} "
                f"when {guard.when.replace('DIFFERS', 'is not')} "
                f"begin select raise(abort, '{guard.says}'); end"
            )
        return

    for guard in GUARDS:
        # WHEN can't hold a subquery on PostgreSQL, so the function asks.
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
