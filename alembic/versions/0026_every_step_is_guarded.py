"""The database refuses every step that the life of an invoice or of money lacks.

What an invoice asks for, and so whether it is paid, follows from the rows of its money;
tries to pay only go forwards; disputes end once. The ranks of tries are those of
`domain.online_payment`, and tests/database/test_steps.py walks all pairs of states.
"""

from dataclasses import dataclass

from alembic import op

revision = "0026"
down_revision = "0027"
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


ATTEMPT = [
    "id",
    "workspace_id",
    "customer_id",
    "invoice_id",
    "link_id",
    "session_id",
    "amount_minor",
    "currency",
    "card_form",
    "idempotency_key",
    "account_id",
    "is_livemode",
    "created_at",
]
DISPUTE = [
    "id",
    "workspace_id",
    "customer_id",
    "invoice_id",
    "line_position",
    "amount_minor",
    "currency",
    "reason",
    "opened_by",
    "session_id",
    "request_key",
    "opened_at",
]
RESOLVED = ["outcome", "answer", "resolved_by", "resolved_at"]
AMOUNTS = [
    "state",
    "allocated_minor",
    "credited_minor",
    "written_off_minor",
    "outstanding_minor",
]


def changed(columns: list[str]) -> str:
    return " or ".join(f"old.{column} DIFFERS new.{column}" for column in columns)


def taken_back(columns: list[str]) -> str:
    return " or ".join(
        f"(old.{column} is not null and old.{column} DIFFERS new.{column})"
        for column in columns
    )


def total_of(table: str, of: str, row: str, *conditions: str) -> str:
    """Add up the rows of a table that are of one invoice or payment."""
    wanted = [
        f"fact.workspace_id = new.workspace_id and fact.{of} = {row}",
        *conditions,
    ]
    return (
        f"(select coalesce(sum(fact.amount_minor), 0) from {table} as fact"
        f" where {' and '.join(wanted)})"
    )


ALLOCATED = total_of("allocation", "invoice_id", "new.id")
CREDITED = total_of("credit_note", "invoice_id", "new.id")
DISPUTED = total_of("dispute", "invoice_id", "new.id", "fact.resolved_at is null")
# A whole try, or an invoice's part of one that pays several.
PROCESSING = """(
  select coalesce(sum(coalesce(part.amount_minor, attempt.amount_minor)), 0)
  from payment_attempt as attempt
  left join payment_attempt_part as part
  on part.attempt_id = attempt.id and part.invoice_id = new.id
  where attempt.workspace_id = new.workspace_id and attempt.status = 'processing'
  and (attempt.invoice_id = new.id or part.id is not null)
)"""

MISCOUNTED = f"""
new.state <> 'draft' and ({changed(AMOUNTS)}) and (
  new.allocated_minor <> {ALLOCATED}
  or new.credited_minor <> {CREDITED}
  or new.allocated_minor + new.credited_minor + new.written_off_minor
    > case when new.due_minor > 0 then new.due_minor else 0 end
  or (new.state = 'issued' and new.outstanding_minor <> new.due_minor
    - new.allocated_minor - new.credited_minor - new.written_off_minor)
  or (new.state = 'void'
    and new.outstanding_minor not in (0, old.outstanding_minor))
)
"""
MISJUDGED = f"""
new.state <> 'draft' and (
  (old.processing_minor <> new.processing_minor
    and new.processing_minor <> {PROCESSING})
  or (old.disputed_minor <> new.disputed_minor
    and new.disputed_minor <> {DISPUTED})
)
"""
VOIDED = f"""
old.state <> new.state and new.state = 'void' and (
  new.voided_at is null or {ALLOCATED} <> 0 or {DISPUTED} <> 0
)
"""
ISSUED_HOLLOW = """
old.state = 'draft' and new.state <> 'draft' and (
  new.customer_id is null or old.deleted_at is not null
  or not exists (
    select 1 from line_item
    where line_item.workspace_id = new.workspace_id and line_item.invoice_id = new.id
  )
)
"""
SHOWN_UNPUBLISHED = f"""
new.state <> 'draft' and ({changed(["state", "published_at", "sent_at"])}
  or old.first_viewed_at DIFFERS new.first_viewed_at) and (
  (new.published_at is null
    and (new.sent_at is not null or new.first_viewed_at is not null))
  or (old.published_at is null and new.published_at is not null
    and new.state <> 'issued')
)
"""

RANK = """case {status} when 'prepared' then 0 when 'unknown' then 0 when 'open' then 1
when 'processing' then 2 when 'failed' then 3 when 'expired' then 3 else 4 end"""
BACKWARDS = f"""
old.status <> new.status
and not (old.status = 'prepared' and new.status = 'unknown')
and {RANK.format(status="new.status")} <= {RANK.format(status="old.status")}
"""

OF_AN_ISSUED = """exists (
  select 1 from invoice
  where invoice.id = new.invoice_id
  and invoice.workspace_id = new.workspace_id
  and invoice.customer_id = new.customer_id
  and invoice.state = 'issued'
  {more}
)"""
OF_A_SETTLED = """exists (
  select 1 from payment
  where payment.id = new.payment_id
  and payment.workspace_id = new.workspace_id
  and payment.customer_id = new.customer_id
  and payment.status = 'settled'
  {more}
)"""
PAID = total_of("allocation", "invoice_id", "new.invoice_id")
SPENT = total_of("allocation", "payment_id", "new.payment_id")
PAID_OF_IT = total_of(
    "allocation", "invoice_id", "new.invoice_id", "fact.payment_id = new.payment_id"
)
REFUNDED = total_of("refund", "payment_id", "new.payment_id")
ALLOCATED_AMISS = f"""
not {OF_A_SETTLED.format(more="")}
or not {
    OF_AN_ISSUED.format(
        more="and invoice.currency = (select payment.currency from payment"
        " where payment.id = new.payment_id)"
    )
}
or {PAID_OF_IT} + new.amount_minor < 0
or (new.amount_minor > 0 and not (
  {
    OF_A_SETTLED.format(
        more=f"and payment.amount_minor - payment.refunded_minor"
        f" >= {SPENT} + new.amount_minor"
    )
}
  and {OF_AN_ISSUED.format(more=f"and invoice.due_minor >= {PAID} + new.amount_minor")}
))
"""
REFUNDED_AMISS = f"""
not {
    OF_A_SETTLED.format(
        more=f"and payment.amount_minor >= {REFUNDED} + new.amount_minor"
    )
}
or {REFUNDED} + new.amount_minor < 0
"""
PAYMENT_MISCOUNTED = f"""
(old.allocated_minor <> new.allocated_minor
  and new.allocated_minor <> {total_of("allocation", "payment_id", "new.id")})
or (old.refunded_minor <> new.refunded_minor
  and new.refunded_minor <> {total_of("refund", "payment_id", "new.id")})
or (old.status <> new.status and new.status = 'reversed'
  and {total_of("allocation", "payment_id", "new.id")} <> 0)
"""
# In time, what an invoice asks for is what is left; and nothing of it is undecided.
WRITTEN_OFF_AMISS = """
new.amount_minor > 0 and exists (
  select 1 from invoice
  where invoice.workspace_id = new.workspace_id and invoice.id = new.invoice_id
  and (invoice.outstanding_minor < new.amount_minor
    or invoice.processing_minor <> 0 or invoice.disputed_minor <> 0)
)
"""
DISPUTED_AMISS = f"""
new.reason = '' or (new.resolved_at is null and not {
    OF_AN_ISSUED.format(
        more="and invoice.published_at is not null"
        " and invoice.currency = new.currency"
        " and invoice.outstanding_minor >= invoice.disputed_minor + new.amount_minor"
    )
})
"""

PUBLISHED = """exists (
  select 1 from invoice
  where invoice.workspace_id = new.workspace_id and invoice.id = new.invoice_id
  and invoice.published_at is not null
)"""
TAKEN_BACK = """exists (
  select 1 from payment
  where payment.workspace_id = new.workspace_id and payment.id = new.payment_id
  and payment.status = 'reversed'
)"""
SHOWN_EARLY = f"new.shown_at is not null and not {PUBLISHED}"

GUARDS = (
    Guard(
        "invoice_begins",
        "invoice",
        "insert",
        "an invoice begins as a draft",
        "new.state <> 'draft'",
    ),
    Guard(
        "invoice_issued_hollow",
        "invoice",
        "update",
        "only a draft with a customer and lines is issued",
        ISSUED_HOLLOW,
    ),
    Guard(
        "invoice_voided_open",
        "invoice",
        "update",
        "only what is neither paid nor disputed is voided, on a date",
        VOIDED,
    ),
    Guard(
        "invoice_counted",
        "invoice",
        "update",
        "what an invoice asks for follows from its money",
        MISCOUNTED,
    ),
    Guard(
        "invoice_judged",
        "invoice",
        "update",
        "what is on its way or disputed follows from its rows",
        MISJUDGED,
    ),
    Guard(
        "invoice_shown",
        "invoice",
        "update",
        "only what is issued is published, and only then sent or seen",
        SHOWN_UNPUBLISHED,
    ),
    Guard(
        "issued_document_added_shown",
        "issued_document",
        "insert",
        "only the documents of a published invoice are shown",
        SHOWN_EARLY,
    ),
    Guard(
        "issued_document_shown",
        "issued_document",
        "update",
        "documents stay shown, but for receipts of what was taken back",
        f"old.shown_at DIFFERS new.shown_at and (({SHOWN_EARLY})"
        " or (old.shown_at is not null and new.shown_at is not null)"
        f" or (new.shown_at is not null and {TAKEN_BACK})"
        f" or (new.shown_at is null and not {TAKEN_BACK}))",
    ),
    Guard(
        "credit_note_added_shown",
        "credit_note",
        "insert",
        "only the documents of a published invoice are shown",
        SHOWN_EARLY,
    ),
    Guard(
        "credit_note_shown",
        "credit_note",
        "update",
        "credit notes stay shown",
        f"old.shown_at DIFFERS new.shown_at"
        f" and (({SHOWN_EARLY}) or {taken_back(['shown_at'])})",
    ),
    Guard(
        "allocation_fits",
        "allocation",
        "insert",
        "only what is left of a payment pays only what an issued invoice asks for",
        ALLOCATED_AMISS,
    ),
    Guard(
        "refund_fits",
        "refund",
        "insert",
        "only what came is returned",
        REFUNDED_AMISS,
    ),
    Guard(
        "payment_counted",
        "payment",
        "update",
        "what a payment paid follows from its rows",
        PAYMENT_MISCOUNTED,
    ),
    Guard(
        "write_off_of_rest",
        "write_off",
        "insert",
        "only what nobody will pay or decide on is written off",
        WRITTEN_OFF_AMISS,
    ),
    Guard(
        "payment_attempt_step",
        "payment_attempt",
        "update",
        "a try to pay only goes forwards",
        BACKWARDS,
    ),
    Guard(
        "payment_attempt_kept",
        "payment_attempt",
        "update",
        "a try to pay keeps its facts",
        f"{changed(ATTEMPT)} or {taken_back(['checkout_id', 'intent_id'])}",
    ),
    Guard("payment_attempt_stays", "payment_attempt", "delete", "tries to pay stay"),
    Guard(
        "payment_attempt_part_kept",
        "payment_attempt_part",
        "update",
        "tries to pay keep their parts",
    ),
    Guard(
        "payment_attempt_part_stays",
        "payment_attempt_part",
        "delete",
        "tries to pay keep their parts",
    ),
    Guard(
        "dispute_fits",
        "dispute",
        "insert",
        "only what a published invoice asks for is disputed, and with a reason",
        DISPUTED_AMISS,
    ),
    Guard(
        "dispute_kept",
        "dispute",
        "update",
        "a dispute keeps its facts, and ends once",
        f"{changed(DISPUTE)}"
        f" or (old.resolved_at is not null and ({changed(RESOLVED)}))"
        " or (new.answer = '' and new.outcome not in ('', 'withdrawn'))",
    ),
    Guard("dispute_stays", "dispute", "delete", "disputes stay"),
)


# A receipt was shown again when its invoice was published after it was taken back.
HIDE_TAKEN_BACK = """
update issued_document set shown_at = null
where kind = 'receipt' and shown_at is not null and exists (
  select 1 from payment
  where payment.workspace_id = issued_document.workspace_id
  and payment.id = issued_document.payment_id and payment.status = 'reversed'
)
"""


def upgrade() -> None:
    op.execute(HIDE_TAKEN_BACK)
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
        # WHEN can't hold a subquery on PostgreSQL, so the function asks; a `then` of
        # the condition's own would end its IF but in parentheses.
        condition = guard.when.replace("DIFFERS", "is distinct from") or "true"
        op.execute(
            f"create function {guard.name}() returns trigger language plpgsql as $$ "
            f"begin if ({condition}) then raise exception '{guard.says}' "
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
