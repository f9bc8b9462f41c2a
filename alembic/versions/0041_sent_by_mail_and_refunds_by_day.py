"""What was mailed before there was a mark for it is sent; refunds are found by day."""

from alembic import op

revision = "0041"
down_revision = "0042"
branch_labels = None
depends_on = None

INDEX = "ix_refund_day"
# The mails that bring the link of an invoice. One that is done was delivered, but for
# the mail about an invoice that was paid before it left: that one stays unsent.
MAILED = """
  from outbox_message as mail
  where mail.workspace_id = invoice.workspace_id and mail.invoice_id = invoice.id
  and mail.done_at is not null and mail.failed_at is null
  and (mail.topic = 'mail.share_link' or (mail.topic = 'mail.invoice_available'
    and (invoice.allocated_minor < invoice.due_minor or exists (
      select 1 from allocation
      where allocation.workspace_id = invoice.workspace_id
      and allocation.invoice_id = invoice.id and allocation.created_at > mail.done_at
    ))
  ))
"""
# By the outbox's index of invoices, and in the database: nothing is read into memory.
BACKFILL = f"""
update invoice set sent_at = (select min(mail.done_at) {MAILED})
where state = 'issued' and published_at is not null and sent_at is null
and exists (select 1 {MAILED})
"""


def upgrade() -> None:
    op.execute(BACKFILL)
    op.create_index(
        INDEX, "refund", ["workspace_id", "refunded_on", "payment_id", "amount_minor"]
    )


def downgrade() -> None:
    # When an invoice was sent stays true.
    op.drop_index(INDEX, "refund")
