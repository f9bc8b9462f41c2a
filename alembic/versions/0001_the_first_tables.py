"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("totp_secret_encrypted", sa.Text(), nullable=False),
        sa.Column("totp_enabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("totp_last_step", sa.BigInteger(), nullable=False),
        sa.Column("recovery_digests", sa.JSON(), nullable=False),
        sa.Column("initial_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("email", name=op.f("uq_person_email")),
    )
    op.create_table(
        "sign_in_failure",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("key_digest", sa.String(length=64), nullable=False),
        sa.Column("failed_count", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failure")),
        sa.UniqueConstraint("key_digest", name=op.f("uq_sign_in_failure_key_digest")),
    )
    with op.batch_alter_table("sign_in_failure", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_sign_in_failure_failed_at"), ["failed_at"], unique=False
        )

    op.create_table(
        "workspace",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("profile", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspace")),
        sa.UniqueConstraint("slug", name=op.f("uq_workspace_slug")),
    )
    op.create_table(
        "audit_entry",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(length=60), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_audit_entry_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(
            "ix_audit_entry_customer",
            ["workspace_id", "customer_id", "id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_audit_entry_invoice", ["workspace_id", "invoice_id", "id"], unique=False
        )
        batch_op.create_index(
            "ix_audit_entry_recent", ["workspace_id", "id"], unique=False
        )

    op.create_table(
        "contact_totp",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("email_key", sa.String(length=254), nullable=False),
        sa.Column("secret_encrypted", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("failed_count", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_contact_totp_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_totp")),
        sa.UniqueConstraint(
            "workspace_id",
            "customer_id",
            "email_key",
            name=op.f("uq_contact_totp_workspace_id_customer_id_email_key"),
        ),
    )
    op.create_table(
        "customer",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "name_key",
            sa.String(length=200).with_variant(
                sa.String(length=200, collation="C"), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=60), nullable=False),
        sa.Column("contact_name", sa.String(length=200), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("vat_id", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net_days", sa.Integer(), nullable=True),
        sa.Column("portal", sa.JSON(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "email_key",
            sa.String(length=254),
            sa.Computed("lower(email)", persisted=True),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_customer_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint(
            "workspace_id", "id", name=op.f("uq_customer_workspace_id_id")
        ),
    )
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.create_index(
            "ix_customer_email", ["workspace_id", "email_key"], unique=False
        )
        batch_op.create_index(
            "ix_customer_name", ["workspace_id", "name_key", "id"], unique=False
        )
        batch_op.create_index(
            "ix_customer_recent", ["workspace_id", "created_at", "id"], unique=False
        )

    op.create_table(
        "inbound_event",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("object_id", sa.String(length=120), nullable=False),
        sa.Column("is_livemode", sa.Boolean(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(length=300), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_inbound_event_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_event")),
        sa.UniqueConstraint(
            "workspace_id",
            "source",
            "external_id",
            name=op.f("uq_inbound_event_workspace_id_source_external_id"),
        ),
    )
    with op.batch_alter_table("inbound_event", schema=None) as batch_op:
        batch_op.create_index(
            "ix_inbound_event_status", ["status", "received_at"], unique=False
        )

    op.create_table(
        "ledger_entry",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("journal", sa.String(length=60), nullable=False),
        sa.Column("account", sa.String(length=20), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_ledger_entry_amount")),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_ledger_entry_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint(
            "workspace_id",
            "journal",
            "account",
            name=op.f("uq_ledger_entry_workspace_id_journal_account"),
        ),
    )
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ledger_entry_invoice", ["workspace_id", "invoice_id"], unique=False
        )

    op.create_table(
        "member",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_member_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_member_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sa.UniqueConstraint(
            "workspace_id", "id", name=op.f("uq_member_workspace_id_id")
        ),
        sa.UniqueConstraint(
            "workspace_id", "person_id", name=op.f("uq_member_workspace_id_person_id")
        ),
    )
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_member_person_id"), ["person_id"], unique=False
        )

    op.create_table(
        "number_series",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("pattern", sa.String(length=60), nullable=False),
        sa.Column("next_value", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_number_series_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_series")),
        sa.UniqueConstraint(
            "workspace_id", "code", name=op.f("uq_number_series_workspace_id_code")
        ),
    )
    op.create_table(
        "one_time_code",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("email_key", sa.String(length=254), nullable=False),
        sa.Column("place", sa.String(length=40), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("code_digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_one_time_code_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_code")),
    )
    with op.batch_alter_table("one_time_code", schema=None) as batch_op:
        batch_op.create_index(
            "ix_one_time_code_place",
            ["workspace_id", "email_key", "place", "id"],
            unique=False,
        )

    op.create_table(
        "outbox_message",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("available_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_outbox_message_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
        sa.UniqueConstraint(
            "workspace_id",
            "topic",
            "key",
            name=op.f("uq_outbox_message_workspace_id_topic_key"),
        ),
    )
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_message_failed",
            ["workspace_id", "failed_at", "id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_outbox_message_invoice", ["workspace_id", "invoice_id"], unique=False
        )
        batch_op.create_index(
            "ix_outbox_message_waiting",
            ["done_at", "failed_at", "available_at"],
            unique=False,
        )

    op.create_table(
        "portal_visit",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("link_id", sa.BigInteger(), nullable=True),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("evidence", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("once_key", sa.String(length=120), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "evidence in ('fetched', 'seen', 'verified')",
            name=op.f("ck_portal_visit_evidence"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_portal_visit_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_visit")),
        sa.UniqueConstraint(
            "workspace_id",
            "once_key",
            name=op.f("uq_portal_visit_workspace_id_once_key"),
        ),
    )
    with op.batch_alter_table("portal_visit", schema=None) as batch_op:
        batch_op.create_index(
            "ix_portal_visit_customer",
            ["workspace_id", "customer_id", "id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_portal_visit_invoice",
            ["workspace_id", "invoice_id", "id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_portal_visit_link", ["workspace_id", "link_id", "id"], unique=False
        )

    op.create_table(
        "staff_note",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("dispute_id", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("written_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_staff_note_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_note")),
    )
    with op.batch_alter_table("staff_note", schema=None) as batch_op:
        batch_op.create_index(
            "ix_staff_note_customer",
            ["workspace_id", "customer_id", "id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_staff_note_invoice", ["workspace_id", "invoice_id", "id"], unique=False
        )

    op.create_table(
        "stripe_account",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("secret_key_encrypted", sa.Text(), nullable=False),
        sa.Column("secret_key_last4", sa.String(length=4), nullable=False),
        sa.Column("webhook_secret_encrypted", sa.Text(), nullable=False),
        sa.Column("webhook_secret_last4", sa.String(length=4), nullable=False),
        sa.Column("publishable_key", sa.String(length=255), nullable=False),
        sa.Column("account_id", sa.String(length=80), nullable=False),
        sa.Column("is_livemode", sa.Boolean(), nullable=False),
        sa.Column("charges_enabled", sa.Boolean(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_stripe_account_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stripe_account")),
        sa.UniqueConstraint(
            "workspace_id", name=op.f("uq_stripe_account_workspace_id")
        ),
    )
    op.create_table(
        "tax_rate",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("category", sa.String(length=3), nullable=False),
        sa.Column("percent", sa.BigInteger(), nullable=False),
        sa.Column("exemption_reason", sa.String(length=200), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_tax_rate_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_rate")),
    )
    op.create_table(
        "workspace_settings",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("legal_name", sa.String(length=200), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("phone", sa.String(length=60), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("website", sa.String(length=200), nullable=False),
        sa.Column("vat_id", sa.String(length=40), nullable=False),
        sa.Column("registration", sa.String(length=80), nullable=False),
        sa.Column("look", sa.String(length=20), nullable=False),
        sa.Column("accent", sa.String(length=7), nullable=False),
        sa.Column("logo_digest", sa.String(length=64), nullable=False),
        sa.Column("logo_width", sa.Integer(), nullable=False),
        sa.Column("logo_height", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=10), nullable=False),
        sa.Column("net_days", sa.Integer(), nullable=False),
        sa.Column("fiscal_month", sa.Integer(), nullable=False),
        sa.Column("prices_inclusive", sa.Boolean(), nullable=False),
        sa.Column("cash_rounding_minor", sa.Integer(), nullable=False),
        sa.Column("decimals", sa.Integer(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("bank_details", sa.JSON(), nullable=False),
        sa.Column("bank_iban", sa.String(length=34), nullable=False),
        sa.Column("portal", sa.JSON(), nullable=False),
        sa.Column("mail", sa.JSON(), nullable=False),
        sa.Column("mail_password_encrypted", sa.Text(), nullable=False),
        sa.Column("reminders", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "fiscal_month between 1 and 12",
            name=op.f("ck_workspace_settings_fiscal_month"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_workspace_settings_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspace_settings")),
        sa.UniqueConstraint(
            "workspace_id", name=op.f("uq_workspace_settings_workspace_id")
        ),
    )
    op.create_table(
        "customer_contact",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("may_pay", sa.Boolean(), nullable=False),
        sa.Column("may_see_all", sa.Boolean(), nullable=False),
        sa.Column(
            "email_key",
            sa.String(length=254),
            sa.Computed("lower(email)", persisted=True),
            nullable=True,
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customer.workspace_id", "customer.id"],
            name=op.f("fk_customer_contact_workspace_id_customer_id_customer"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_customer_contact_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_contact")),
    )
    with op.batch_alter_table("customer_contact", schema=None) as batch_op:
        batch_op.create_index(
            "ix_customer_contact_customer",
            ["workspace_id", "customer_id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_customer_contact_email", ["workspace_id", "email_key"], unique=False
        )

    op.create_table(
        "invoice",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("customer_name", sa.String(length=200), nullable=False),
        sa.Column(
            "customer_name_key",
            sa.String(length=200).with_variant(
                sa.String(length=200, collation="C"), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column(
            "number",
            sa.String(length=60).with_variant(
                sa.String(length=60, collation="C"), "postgresql"
            ),
            nullable=True,
        ),
        sa.Column("series_code", sa.String(length=20), nullable=True),
        sa.Column("series_value", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("prices_inclusive", sa.Boolean(), nullable=False),
        sa.Column("cash_rounding_minor", sa.BigInteger(), nullable=False),
        sa.Column("rounding_minor", sa.BigInteger(), nullable=True),
        sa.Column("decimals", sa.Integer(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("delivery_on", sa.Date(), nullable=True),
        sa.Column(
            "purchase_order",
            sa.String(length=80).with_variant(
                sa.String(length=80, collation="C"), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("look", sa.String(length=20), nullable=False),
        sa.Column("adjustments", sa.JSON(), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=True),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("prepaid_minor", sa.BigInteger(), nullable=False),
        sa.Column("due_minor", sa.BigInteger(), nullable=False),
        sa.Column("allocated_minor", sa.BigInteger(), nullable=False),
        sa.Column("processing_minor", sa.BigInteger(), nullable=False),
        sa.Column("outstanding_minor", sa.BigInteger(), nullable=False),
        sa.Column("disputed_minor", sa.BigInteger(), nullable=False),
        sa.Column("portal", sa.JSON(), nullable=False),
        sa.Column("void_reason", sa.String(length=500), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_viewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "phase",
            sa.String(length=20),
            sa.Computed(
                "\ncase when deleted_at is not null then 'deleted' else\ncase when archived_at is not null then 'archived_' else '' end ||\ncase when state <> 'issued' then state\nwhen outstanding_minor <= 0 then 'paid'\nwhen processing_minor >= outstanding_minor then 'processing'\nwhen outstanding_minor < total_minor then 'partial'\nelse 'unpaid' end end\n",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.Column(
            "number_key",
            sa.String(length=60).with_variant(
                sa.String(length=60, collation="C"), "postgresql"
            ),
            sa.Computed("coalesce(number, '~')", persisted=True),
            nullable=True,
        ),
        sa.Column(
            "issued_key",
            sa.Date(),
            sa.Computed("coalesce(issued_on, '9999-12-31')", persisted=True),
            nullable=True,
        ),
        sa.Column(
            "due_key",
            sa.Date(),
            sa.Computed("coalesce(due_on, '9999-12-31')", persisted=True),
            nullable=True,
        ),
        sa.CheckConstraint(
            "(state = 'draft') = (number is null)", name=op.f("ck_invoice_number")
        ),
        sa.CheckConstraint(
            "state != 'void' or void_reason != ''", name=op.f("ck_invoice_void_reason")
        ),
        sa.CheckConstraint(
            "state = 'draft' or (issued_at is not null and issued_on is not null)",
            name=op.f("ck_invoice_issued"),
        ),
        sa.CheckConstraint(
            "state in ('draft', 'issued', 'void')", name=op.f("ck_invoice_state")
        ),
        sa.CheckConstraint(
            "published_at is null or number is not null",
            name=op.f("ck_invoice_published"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customer.workspace_id", "customer.id"],
            name=op.f("fk_invoice_workspace_id_customer_id_customer"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_invoice_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint(
            "workspace_id", "id", name=op.f("uq_invoice_workspace_id_id")
        ),
        sa.UniqueConstraint(
            "workspace_id", "number", name=op.f("uq_invoice_workspace_id_number")
        ),
        sa.UniqueConstraint(
            "workspace_id",
            "series_code",
            "series_value",
            name=op.f("uq_invoice_workspace_id_series_code_series_value"),
        ),
    )
    with op.batch_alter_table("invoice", schema=None) as batch_op:
        batch_op.create_index(
            "ix_invoice_account_due",
            [
                "workspace_id",
                "customer_id",
                "phase",
                "due_key",
                "id",
                "published_at",
                "currency",
                "outstanding_minor",
                "disputed_minor",
            ],
            unique=False,
        )
        batch_op.create_index(
            "ix_invoice_account_issued",
            [
                "workspace_id",
                "customer_id",
                "phase",
                "issued_key",
                "id",
                "published_at",
                "number",
                "purchase_order",
            ],
            unique=False,
        )
        batch_op.create_index(
            "ix_invoice_account_total",
            ["workspace_id", "customer_id", "phase", "total_minor", "id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_invoice_by_customer",
            ["workspace_id", "phase", "customer_name_key", "id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_invoice_by_due",
            ["workspace_id", "phase", "due_key", "id", "issued_key"],
            unique=False,
        )
        batch_op.create_index(
            "ix_invoice_by_issued",
            ["workspace_id", "phase", "issued_key", "id", "due_key"],
            unique=False,
        )
        batch_op.create_index(
            "ix_invoice_by_number",
            ["workspace_id", "phase", "number_key", "id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_invoice_by_outstanding",
            ["workspace_id", "phase", "outstanding_minor", "id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_invoice_by_total",
            ["workspace_id", "phase", "total_minor", "id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_invoice_customer",
            ["workspace_id", "customer_id", "phase", "id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_invoice_month",
            ["workspace_id", "issued_on", "state", "currency", "total_minor"],
            unique=False,
        )
        batch_op.create_index(
            "ix_invoice_open",
            [
                "workspace_id",
                "phase",
                "currency",
                "due_key",
                "outstanding_minor",
                "processing_minor",
            ],
            unique=False,
        )
        batch_op.create_index(
            "ix_invoice_purchase_order",
            ["workspace_id", "purchase_order", "id"],
            unique=False,
        )

    op.create_table(
        "portal_session",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("email_key", sa.String(length=254), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("may_pay", sa.Boolean(), nullable=False),
        sa.Column("totp_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customer.workspace_id", "customer.id"],
            name=op.f("fk_portal_session_workspace_id_customer_id_customer"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_portal_session_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_session")),
        sa.UniqueConstraint(
            "token_digest", name=op.f("uq_portal_session_token_digest")
        ),
        sa.UniqueConstraint(
            "workspace_id", "id", name=op.f("uq_portal_session_workspace_id_id")
        ),
    )
    with op.batch_alter_table("portal_session", schema=None) as batch_op:
        batch_op.create_index(
            "ix_portal_session_customer",
            ["workspace_id", "customer_id", "id"],
            unique=False,
        )

    op.create_table(
        "staff_session",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("owes", sa.String(length=10), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_staff_session_member_id_member")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_staff_session_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_session")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_staff_session_token_digest")),
    )
    with op.batch_alter_table("staff_session", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_staff_session_person_id"), ["person_id"], unique=False
        )

    op.create_table(
        "billable_event",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column(
            "reference",
            sa.String(length=120).with_variant(
                sa.String(length=120, collation="C"), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("rate", sa.BigInteger(), nullable=False),
        sa.Column("factors", sa.JSON(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("line_position", sa.Integer(), nullable=True),
        sa.Column("billed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customer.workspace_id", "customer.id"],
            name=op.f("fk_billable_event_workspace_id_customer_id_customer"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "invoice_id"],
            ["invoice.workspace_id", "invoice.id"],
            name=op.f("fk_billable_event_workspace_id_invoice_id_invoice"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_billable_event_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billable_event")),
        sa.UniqueConstraint(
            "workspace_id",
            "kind",
            "reference",
            name=op.f("uq_billable_event_workspace_id_kind_reference"),
        ),
    )
    with op.batch_alter_table("billable_event", schema=None) as batch_op:
        batch_op.create_index(
            "ix_billable_event_line",
            ["workspace_id", "invoice_id", "line_position", "id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_billable_event_reference",
            ["workspace_id", "customer_id", "reference", "invoice_id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_billable_event_unbilled",
            ["workspace_id", "customer_id", "id"],
            unique=False,
        )

    op.create_table(
        "comment",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("dispute_id", sa.BigInteger(), nullable=True),
        sa.Column("line_position", sa.Integer(), nullable=True),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("author_name", sa.String(length=200), nullable=False),
        sa.Column("author_email", sa.String(length=254), nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=True),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("link_id", sa.BigInteger(), nullable=True),
        sa.Column("is_verified", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("request_key", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "side in ('customer', 'staff')", name=op.f("ck_comment_side")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "invoice_id"],
            ["invoice.workspace_id", "invoice.id"],
            name=op.f("fk_comment_workspace_id_invoice_id_invoice"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_comment_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
        sa.UniqueConstraint(
            "workspace_id",
            "invoice_id",
            "request_key",
            name=op.f("uq_comment_workspace_id_invoice_id_request_key"),
        ),
    )
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.create_index(
            "ix_comment_invoice", ["workspace_id", "invoice_id", "id"], unique=False
        )
        batch_op.create_index("ix_comment_recent", ["workspace_id", "id"], unique=False)

    op.create_table(
        "dispute",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("line_position", sa.Integer(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.String(length=200), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("request_key", sa.String(length=64), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("resolved_by", sa.BigInteger(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(outcome = '') = (resolved_at is null)", name=op.f("ck_dispute_resolved")
        ),
        sa.CheckConstraint(
            "outcome in ('', 'stands', 'credited', 'reissued', 'void', 'withdrawn')",
            name=op.f("ck_dispute_outcome"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_dispute_amount")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "invoice_id"],
            ["invoice.workspace_id", "invoice.id"],
            name=op.f("fk_dispute_workspace_id_invoice_id_invoice"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_dispute_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint(
            "workspace_id", "id", name=op.f("uq_dispute_workspace_id_id")
        ),
        sa.UniqueConstraint(
            "workspace_id",
            "invoice_id",
            "request_key",
            name=op.f("uq_dispute_workspace_id_invoice_id_request_key"),
        ),
    )
    with op.batch_alter_table("dispute", schema=None) as batch_op:
        batch_op.create_index(
            "ix_dispute_invoice", ["workspace_id", "invoice_id", "id"], unique=False
        )
        batch_op.create_index(
            "ix_dispute_open", ["workspace_id", "resolved_at", "id"], unique=False
        )

    op.create_table(
        "issued_document",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("content_digest", sa.String(length=64), nullable=False),
        sa.Column("pdf_digest", sa.String(length=64), nullable=False),
        sa.Column("pdf_error", sa.String(length=300), nullable=False),
        sa.Column("page_count", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "invoice_id"],
            ["invoice.workspace_id", "invoice.id"],
            name=op.f("fk_issued_document_workspace_id_invoice_id_invoice"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_issued_document_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issued_document")),
        sa.UniqueConstraint(
            "workspace_id",
            "kind",
            "invoice_id",
            "payment_id",
            name=op.f("uq_issued_document_workspace_id_kind_invoice_id_payment_id"),
        ),
    )
    with op.batch_alter_table("issued_document", schema=None) as batch_op:
        batch_op.create_index(
            "ix_issued_document_invoice", ["workspace_id", "invoice_id"], unique=False
        )

    op.create_table(
        "line_item",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("group_heading", sa.String(length=200), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("unit_price", sa.BigInteger(), nullable=False),
        sa.Column("base_quantity", sa.BigInteger(), nullable=False),
        sa.Column("discount_percent", sa.BigInteger(), nullable=False),
        sa.Column("taxes", sa.JSON(), nullable=False),
        sa.Column("adjustments", sa.JSON(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "invoice_id"],
            ["invoice.workspace_id", "invoice.id"],
            name=op.f("fk_line_item_workspace_id_invoice_id_invoice"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_line_item_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_item")),
        sa.UniqueConstraint(
            "workspace_id",
            "invoice_id",
            "position",
            name=op.f("uq_line_item_workspace_id_invoice_id_position"),
        ),
    )
    op.create_table(
        "payment",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("allocated_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("method_detail", sa.String(length=60), nullable=False),
        sa.Column("reference", sa.String(length=140), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("hold_reason", sa.String(length=200), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=True),
        sa.Column("provider_payment_id", sa.String(length=120), nullable=True),
        sa.Column("attempt_id", sa.BigInteger(), nullable=True),
        sa.Column("request_key", sa.String(length=64), nullable=True),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disputed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status in ('settled', 'held', 'reversed')", name=op.f("ck_payment_status")
        ),
        sa.CheckConstraint(
            "allocated_minor >= 0 and refunded_minor >= 0 and allocated_minor + refunded_minor <= amount_minor",
            name=op.f("ck_payment_spent"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payment_amount")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customer.workspace_id", "customer.id"],
            name=op.f("fk_payment_workspace_id_customer_id_customer"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "invoice_id"],
            ["invoice.workspace_id", "invoice.id"],
            name=op.f("fk_payment_workspace_id_invoice_id_invoice"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_payment_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint(
            "workspace_id", "id", name=op.f("uq_payment_workspace_id_id")
        ),
        sa.UniqueConstraint(
            "workspace_id",
            "provider",
            "provider_payment_id",
            name=op.f("uq_payment_workspace_id_provider_provider_payment_id"),
        ),
        sa.UniqueConstraint(
            "workspace_id",
            "request_key",
            name=op.f("uq_payment_workspace_id_request_key"),
        ),
    )
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.create_index(
            "ix_payment_account",
            [
                "workspace_id",
                "customer_id",
                "received_on",
                "id",
                "status",
                "currency",
                "amount_minor",
                "refunded_minor",
            ],
            unique=False,
        )
        batch_op.create_index(
            "ix_payment_amount", ["workspace_id", "amount_minor", "id"], unique=False
        )
        batch_op.create_index(
            "ix_payment_customer", ["workspace_id", "customer_id", "id"], unique=False
        )
        batch_op.create_index(
            "ix_payment_invoice", ["workspace_id", "invoice_id", "id"], unique=False
        )
        batch_op.create_index(
            "ix_payment_month",
            ["workspace_id", "status", "received_on", "currency", "amount_minor"],
            unique=False,
        )
        batch_op.create_index(
            "ix_payment_received", ["workspace_id", "received_on", "id"], unique=False
        )
        batch_op.create_index(
            "ix_payment_status",
            ["workspace_id", "status", "received_on", "id"],
            unique=False,
        )

    op.create_table(
        "payment_attempt",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("link_id", sa.BigInteger(), nullable=True),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("back_path", sa.String(length=80), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("card_form", sa.String(length=10), nullable=False),
        sa.Column("idempotency_key", sa.String(length=80), nullable=False),
        sa.Column("checkout_id", sa.String(length=120), nullable=True),
        sa.Column("checkout_url", sa.Text(), nullable=False),
        sa.Column("intent_id", sa.String(length=120), nullable=True),
        sa.Column("provider_payment_id", sa.String(length=120), nullable=True),
        sa.Column("account_id", sa.String(length=80), nullable=False),
        sa.Column("is_livemode", sa.Boolean(), nullable=False),
        sa.Column("failure", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status in ('prepared', 'open', 'processing', 'succeeded', 'held', 'failed', 'expired', 'unknown')",
            name=op.f("ck_payment_attempt_status"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payment_attempt_amount")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "invoice_id"],
            ["invoice.workspace_id", "invoice.id"],
            name=op.f("fk_payment_attempt_workspace_id_invoice_id_invoice"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_payment_attempt_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_attempt")),
        sa.UniqueConstraint("checkout_id", name=op.f("uq_payment_attempt_checkout_id")),
        sa.UniqueConstraint(
            "idempotency_key", name=op.f("uq_payment_attempt_idempotency_key")
        ),
        sa.UniqueConstraint("intent_id", name=op.f("uq_payment_attempt_intent_id")),
        sa.UniqueConstraint(
            "workspace_id", "id", name=op.f("uq_payment_attempt_workspace_id_id")
        ),
    )
    with op.batch_alter_table("payment_attempt", schema=None) as batch_op:
        batch_op.create_index(
            "ix_payment_attempt_invoice",
            ["workspace_id", "invoice_id", "id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_payment_attempt_provider_payment_id"),
            ["provider_payment_id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_payment_attempt_status", ["workspace_id", "status", "id"], unique=False
        )

    op.create_table(
        "payment_promise",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("promised_by", sa.String(length=200), nullable=False),
        sa.Column("link_id", sa.BigInteger(), nullable=True),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("noted_by", sa.BigInteger(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payment_promise_amount")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "invoice_id"],
            ["invoice.workspace_id", "invoice.id"],
            name=op.f("fk_payment_promise_workspace_id_invoice_id_invoice"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_payment_promise_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_promise")),
    )
    with op.batch_alter_table("payment_promise", schema=None) as batch_op:
        batch_op.create_index(
            "ix_payment_promise_customer",
            ["workspace_id", "customer_id", "id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_payment_promise_invoice",
            ["workspace_id", "invoice_id", "id"],
            unique=False,
        )

    op.create_table(
        "portal_link",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("token_encrypted", sa.Text(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "customer_id"],
            ["customer.workspace_id", "customer.id"],
            name=op.f("fk_portal_link_workspace_id_customer_id_customer"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "invoice_id"],
            ["invoice.workspace_id", "invoice.id"],
            name=op.f("fk_portal_link_workspace_id_invoice_id_invoice"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_portal_link_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_link")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_portal_link_token_digest")),
        sa.UniqueConstraint(
            "workspace_id", "id", name=op.f("uq_portal_link_workspace_id_id")
        ),
    )
    with op.batch_alter_table("portal_link", schema=None) as batch_op:
        batch_op.create_index(
            "ix_portal_link_customer",
            ["workspace_id", "customer_id", "id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_portal_link_invoice", ["workspace_id", "invoice_id", "id"], unique=False
        )

    op.create_table(
        "reminder",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("occasion", sa.String(length=60), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["workspace_id", "invoice_id"],
            ["invoice.workspace_id", "invoice.id"],
            name=op.f("fk_reminder_workspace_id_invoice_id_invoice"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_reminder_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        sa.UniqueConstraint(
            "workspace_id",
            "invoice_id",
            "occasion",
            name=op.f("uq_reminder_workspace_id_invoice_id_occasion"),
        ),
    )
    with op.batch_alter_table("reminder", schema=None) as batch_op:
        batch_op.create_index(
            "ix_reminder_customer", ["workspace_id", "customer_id", "id"], unique=False
        )
        batch_op.create_index(
            "ix_reminder_invoice", ["workspace_id", "invoice_id", "id"], unique=False
        )

    op.create_table(
        "thread_mark",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("read_id", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mailed_id", sa.BigInteger(), nullable=False),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "side in ('customer', 'staff')", name=op.f("ck_thread_mark_side")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "invoice_id"],
            ["invoice.workspace_id", "invoice.id"],
            name=op.f("fk_thread_mark_workspace_id_invoice_id_invoice"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_thread_mark_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread_mark")),
        sa.UniqueConstraint(
            "workspace_id",
            "invoice_id",
            "side",
            name=op.f("uq_thread_mark_workspace_id_invoice_id_side"),
        ),
    )
    op.create_table(
        "allocation",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_allocation_amount")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "invoice_id"],
            ["invoice.workspace_id", "invoice.id"],
            name=op.f("fk_allocation_workspace_id_invoice_id_invoice"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "payment_id"],
            ["payment.workspace_id", "payment.id"],
            name=op.f("fk_allocation_workspace_id_payment_id_payment"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_allocation_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation")),
    )
    with op.batch_alter_table("allocation", schema=None) as batch_op:
        batch_op.create_index(
            "ix_allocation_invoice", ["workspace_id", "invoice_id", "id"], unique=False
        )
        batch_op.create_index(
            "ix_allocation_payment", ["workspace_id", "payment_id", "id"], unique=False
        )

    op.create_table(
        "payment_attempt_part",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("attempt_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "amount_minor > 0", name=op.f("ck_payment_attempt_part_amount")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "attempt_id"],
            ["payment_attempt.workspace_id", "payment_attempt.id"],
            name=op.f(
                "fk_payment_attempt_part_workspace_id_attempt_id_payment_attempt"
            ),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id", "invoice_id"],
            ["invoice.workspace_id", "invoice.id"],
            name=op.f("fk_payment_attempt_part_workspace_id_invoice_id_invoice"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_payment_attempt_part_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_attempt_part")),
        sa.UniqueConstraint(
            "workspace_id",
            "attempt_id",
            "invoice_id",
            name=op.f("uq_payment_attempt_part_workspace_id_attempt_id_invoice_id"),
        ),
    )
    with op.batch_alter_table("payment_attempt_part", schema=None) as batch_op:
        batch_op.create_index(
            "ix_payment_attempt_part_invoice",
            ["workspace_id", "invoice_id", "id"],
            unique=False,
        )

    op.create_table(
        "payment_note",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("written_by", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "payment_id"],
            ["payment.workspace_id", "payment.id"],
            name=op.f("fk_payment_note_workspace_id_payment_id_payment"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_payment_note_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_note")),
    )
    with op.batch_alter_table("payment_note", schema=None) as batch_op:
        batch_op.create_index(
            "ix_payment_note_payment", ["workspace_id", "payment_id"], unique=False
        )

    op.create_table(
        "refund",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("workspace_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_refund_amount")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "payment_id"],
            ["payment.workspace_id", "payment.id"],
            name=op.f("fk_refund_workspace_id_payment_id_payment"),
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"],
            ["workspace.id"],
            name=op.f("fk_refund_workspace_id_workspace"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
    )
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.create_index(
            "ix_refund_payment", ["workspace_id", "payment_id", "id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.drop_index("ix_refund_payment")

    op.drop_table("refund")
    with op.batch_alter_table("payment_note", schema=None) as batch_op:
        batch_op.drop_index("ix_payment_note_payment")

    op.drop_table("payment_note")
    with op.batch_alter_table("payment_attempt_part", schema=None) as batch_op:
        batch_op.drop_index("ix_payment_attempt_part_invoice")

    op.drop_table("payment_attempt_part")
    with op.batch_alter_table("allocation", schema=None) as batch_op:
        batch_op.drop_index("ix_allocation_payment")
        batch_op.drop_index("ix_allocation_invoice")

    op.drop_table("allocation")
    op.drop_table("thread_mark")
    with op.batch_alter_table("reminder", schema=None) as batch_op:
        batch_op.drop_index("ix_reminder_invoice")
        batch_op.drop_index("ix_reminder_customer")

    op.drop_table("reminder")
    with op.batch_alter_table("portal_link", schema=None) as batch_op:
        batch_op.drop_index("ix_portal_link_invoice")
        batch_op.drop_index("ix_portal_link_customer")

    op.drop_table("portal_link")
    with op.batch_alter_table("payment_promise", schema=None) as batch_op:
        batch_op.drop_index("ix_payment_promise_invoice")
        batch_op.drop_index("ix_payment_promise_customer")

    op.drop_table("payment_promise")
    with op.batch_alter_table("payment_attempt", schema=None) as batch_op:
        batch_op.drop_index("ix_payment_attempt_status")
        batch_op.drop_index(batch_op.f("ix_payment_attempt_provider_payment_id"))
        batch_op.drop_index("ix_payment_attempt_invoice")

    op.drop_table("payment_attempt")
    with op.batch_alter_table("payment", schema=None) as batch_op:
        batch_op.drop_index("ix_payment_status")
        batch_op.drop_index("ix_payment_received")
        batch_op.drop_index("ix_payment_month")
        batch_op.drop_index("ix_payment_invoice")
        batch_op.drop_index("ix_payment_customer")
        batch_op.drop_index("ix_payment_amount")
        batch_op.drop_index("ix_payment_account")

    op.drop_table("payment")
    op.drop_table("line_item")
    with op.batch_alter_table("issued_document", schema=None) as batch_op:
        batch_op.drop_index("ix_issued_document_invoice")

    op.drop_table("issued_document")
    with op.batch_alter_table("dispute", schema=None) as batch_op:
        batch_op.drop_index("ix_dispute_open")
        batch_op.drop_index("ix_dispute_invoice")

    op.drop_table("dispute")
    with op.batch_alter_table("comment", schema=None) as batch_op:
        batch_op.drop_index("ix_comment_recent")
        batch_op.drop_index("ix_comment_invoice")

    op.drop_table("comment")
    with op.batch_alter_table("billable_event", schema=None) as batch_op:
        batch_op.drop_index("ix_billable_event_unbilled")
        batch_op.drop_index("ix_billable_event_reference")
        batch_op.drop_index("ix_billable_event_line")

    op.drop_table("billable_event")
    with op.batch_alter_table("staff_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_staff_session_person_id"))

    op.drop_table("staff_session")
    with op.batch_alter_table("portal_session", schema=None) as batch_op:
        batch_op.drop_index("ix_portal_session_customer")

    op.drop_table("portal_session")
    with op.batch_alter_table("invoice", schema=None) as batch_op:
        batch_op.drop_index("ix_invoice_purchase_order")
        batch_op.drop_index("ix_invoice_open")
        batch_op.drop_index("ix_invoice_month")
        batch_op.drop_index("ix_invoice_customer")
        batch_op.drop_index("ix_invoice_by_total")
        batch_op.drop_index("ix_invoice_by_outstanding")
        batch_op.drop_index("ix_invoice_by_number")
        batch_op.drop_index("ix_invoice_by_issued")
        batch_op.drop_index("ix_invoice_by_due")
        batch_op.drop_index("ix_invoice_by_customer")
        batch_op.drop_index("ix_invoice_account_total")
        batch_op.drop_index("ix_invoice_account_issued")
        batch_op.drop_index("ix_invoice_account_due")

    op.drop_table("invoice")
    with op.batch_alter_table("customer_contact", schema=None) as batch_op:
        batch_op.drop_index("ix_customer_contact_email")
        batch_op.drop_index("ix_customer_contact_customer")

    op.drop_table("customer_contact")
    op.drop_table("workspace_settings")
    op.drop_table("tax_rate")
    op.drop_table("stripe_account")
    with op.batch_alter_table("staff_note", schema=None) as batch_op:
        batch_op.drop_index("ix_staff_note_invoice")
        batch_op.drop_index("ix_staff_note_customer")

    op.drop_table("staff_note")
    with op.batch_alter_table("portal_visit", schema=None) as batch_op:
        batch_op.drop_index("ix_portal_visit_link")
        batch_op.drop_index("ix_portal_visit_invoice")
        batch_op.drop_index("ix_portal_visit_customer")

    op.drop_table("portal_visit")
    with op.batch_alter_table("outbox_message", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_message_waiting")
        batch_op.drop_index("ix_outbox_message_invoice")
        batch_op.drop_index("ix_outbox_message_failed")

    op.drop_table("outbox_message")
    with op.batch_alter_table("one_time_code", schema=None) as batch_op:
        batch_op.drop_index("ix_one_time_code_place")

    op.drop_table("one_time_code")
    op.drop_table("number_series")
    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_member_person_id"))

    op.drop_table("member")
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_ledger_entry_invoice")

    op.drop_table("ledger_entry")
    with op.batch_alter_table("inbound_event", schema=None) as batch_op:
        batch_op.drop_index("ix_inbound_event_status")

    op.drop_table("inbound_event")
    with op.batch_alter_table("customer", schema=None) as batch_op:
        batch_op.drop_index("ix_customer_recent")
        batch_op.drop_index("ix_customer_name")
        batch_op.drop_index("ix_customer_email")

    op.drop_table("customer")
    op.drop_table("contact_totp")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entry_recent")
        batch_op.drop_index("ix_audit_entry_invoice")
        batch_op.drop_index("ix_audit_entry_customer")

    op.drop_table("audit_entry")
    op.drop_table("workspace")
    with op.batch_alter_table("sign_in_failure", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_failure_failed_at"))

    op.drop_table("sign_in_failure")
    op.drop_table("person")
