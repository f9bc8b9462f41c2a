"""What people at a customer do not want to be mailed about."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field

from billing_app.models.base import UtcInstant, WorkspaceOwned


class MailRefusal(WorkspaceOwned, table=True):
    """One kind of mail that one address of a customer has chosen not to get.

    Without a row everything is sent. `kind` is one of `domain.mail_choices`;
    `email_key` is the address in small letters.
    """

    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "customer_id"], ["customer.workspace_id", "customer.id"]
        ),
        UniqueConstraint("workspace_id", "customer_id", "email_key", "kind"),
    )

    customer_id: int = Field(sa_type=BigInteger)
    email_key: str = Field(max_length=254)
    kind: str = Field(max_length=20)
    refused_at: datetime = Field(sa_type=UtcInstant)
