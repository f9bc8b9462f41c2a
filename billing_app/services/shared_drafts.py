"""Show a draft to its customer before it is an invoice, and take it back."""

from __future__ import annotations

from sqlmodel import col, select

from billing_app.database.access import staff
from billing_app.database.secrets import digest
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission, StaffActor
from billing_app.domain.document import to_json
from billing_app.domain.draft import read_draft
from billing_app.domain.errors import Conflict, InvalidInput
from billing_app.domain.events import DraftShared, DraftUnshared
from billing_app.domain.preview import preview_document
from billing_app.models import SharedDraft
from billing_app.queries.drafts import open_draft
from billing_app.queries.portal_rules import read_workspace_settings
from billing_app.services.drafts import lock_draft


@staff(Permission.MANAGE_LINKS)
def share_draft(uow: UnitOfWork, invoice_id: int, version: int) -> str:
    """Put the draft as it is now behind its link; what changes later stays inside.

    Returns:
        The token, which is shown in no log and stored as digest and ciphertext.

    Raises:
        StaleDraft: somebody saved it since `version` was read.
        WrongState: it is issued already, or was deleted.
        Conflict: this business shares no drafts.
        InvalidInput: nobody is billed yet.
    """
    draft = lock_draft(uow, invoice_id, version)
    if not read_workspace_settings(uow).shares_drafts:
        raise Conflict("Drafts are not shared. Settings, Portal can change that.")
    if draft.customer_id is None:
        raise InvalidInput("Choose a customer first.", field="customer")

    shared = uow.first(_OF_INVOICE.where(col(SharedDraft.invoice_id) == invoice_id))
    if shared is None:
        shared = SharedDraft(
            customer_id=draft.customer_id,
            invoice_id=invoice_id,
            token_digest="",
            token_encrypted="",
            content="",
            shared_at=uow.now,
        )
    # Another customer never gets in by the link of the one before.
    is_same = shared.customer_id == draft.customer_id and not shared.revoked_at
    if shared.token_encrypted and is_same:
        token = uow.cipher.decrypt(shared.token_encrypted)
    else:
        token = uow.new_token()
    shared.customer_id = draft.customer_id
    shared.token_digest = digest(token)
    shared.token_encrypted = uow.cipher.encrypt(token)
    shared.content = _content(uow, invoice_id)
    assert isinstance(uow.actor, StaffActor)
    shared.shared_by, shared.shared_at = uow.actor.member_id, uow.now
    shared.revoked_at = None
    uow.add(shared)
    uow.record(DraftShared(invoice_id=invoice_id, customer_id=draft.customer_id))
    return token


@staff(Permission.MANAGE_LINKS)
def unshare_draft(uow: UnitOfWork, invoice_id: int) -> None:
    """End the link to a draft; doing it again changes nothing."""
    shared = uow.first(_OF_INVOICE.where(col(SharedDraft.invoice_id) == invoice_id))
    if shared is None or shared.revoked_at is not None:
        return
    shared.revoked_at = uow.now
    uow.record(DraftUnshared(invoice_id=invoice_id, customer_id=shared.customer_id))


_OF_INVOICE = select(SharedDraft)


def _content(uow: UnitOfWork, invoice_id: int) -> str:
    """Return the draft as a document: no number, and no way to pay."""
    opened = open_draft(uow, invoice_id)
    desk = opened.desk
    terms = opened.customer or desk
    document = preview_document(
        opened.form,
        read_draft(opened.form, opened.currency, desk.rules),
        today=desk.today,
        net_days=terms.net_days,
        language=terms.language,
        seller=desk.seller,
        buyer=opened.buyer,
        branding=desk.branding,
        late_fees=terms.late_fees,
        of_customer=opened.customer.filled if opened.customer else (),
    )
    return to_json(document)
