"""Who is asking, and what a role may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Role(StrEnum):
    """What a member is in a workspace."""

    OWNER = "owner"
    ADMIN = "admin"
    ACCOUNTING = "accounting"
    OPERATIONS = "operations"
    VIEWER = "viewer"


class Permission(StrEnum):
    """One thing that staff may do. Services and queries each name exactly one."""

    VIEW = "view"
    EDIT_DRAFT = "edit_draft"
    EDIT_CUSTOMER = "edit_customer"
    REMOVE_CUSTOMER = "remove_customer"
    ISSUE_INVOICE = "issue_invoice"
    MANAGE_LINKS = "manage_links"
    RECORD_PAYMENT = "record_payment"
    VOID_INVOICE = "void_invoice"
    WRITE_OFF = "write_off"
    ISSUE_CREDIT_NOTE = "issue_credit_note"
    COMMENT = "comment"
    RESOLVE_DISPUTE = "resolve_dispute"
    SEND_REMINDER = "send_reminder"
    EXPORT = "export"
    IMPORT_DATA = "import_data"
    EDIT_SETTINGS = "edit_settings"
    MANAGE_MEMBERS = "manage_members"
    MOVE_WORKSPACE = "move_workspace"


_OPERATIONS = frozenset(
    {
        Permission.VIEW,
        Permission.EDIT_DRAFT,
        Permission.EDIT_CUSTOMER,
        Permission.COMMENT,
    }
)
_ACCOUNTING = _OPERATIONS | {
    Permission.ISSUE_INVOICE,
    Permission.MANAGE_LINKS,
    Permission.RECORD_PAYMENT,
    Permission.VOID_INVOICE,
    Permission.WRITE_OFF,
    Permission.ISSUE_CREDIT_NOTE,
    Permission.RESOLVE_DISPUTE,
    Permission.SEND_REMINDER,
    Permission.EXPORT,
    Permission.IMPORT_DATA,
}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({Permission.VIEW}),
    Role.OPERATIONS: _OPERATIONS,
    Role.ACCOUNTING: _ACCOUNTING,
    Role.ADMIN: _ACCOUNTING
    | {
        Permission.REMOVE_CUSTOMER,
        Permission.EDIT_SETTINGS,
        Permission.MANAGE_MEMBERS,
    },
    Role.OWNER: frozenset(Permission),
}


@dataclass(frozen=True, slots=True)
class StaffActor:
    """A signed-in member, in one workspace."""

    workspace_id: int
    member_id: int
    role: Role

    def may(self, permission: Permission) -> bool:
        return permission in ROLE_PERMISSIONS[self.role]

    @property
    def label(self) -> str:
        return f"member:{self.member_id}"


class Proof(IntEnum):
    """How sure we are who looks at the portal; each one includes those before it.

    LINK holds a secret URL. CODE has besides confirmed a code that was mailed to a
    contact, for one invoice. SESSION has confirmed one as a contact who may see
    everything of the customer.
    """

    LINK = 1
    CODE = 2
    SESSION = 3


@dataclass(frozen=True, slots=True)
class PortalVisitor:
    """Whoever holds a live portal link, or has signed in as a customer's contact.

    Attributes:
        link_id: None for somebody who came without a link, by signing in.
        invoice_id: the only invoice it opens, or None for the whole account.
        session_id: the customer session, from `Proof.CODE` on.
        has_totp: the session has also shown a code of an authenticator app.
        may_pay: not for a contact who has proven who they are and may only look,
            on whichever page. The bare link pays, for whoever has it.
        is_preview: staff looking as the customer would: reads, never writes.
        is_staff: the browser is signed in to this workspace, so it leaves no visit.
        may_export: take the files of a whole account away. In a preview, only who
            may take them from the staff's own pages.
    """

    workspace_id: int
    customer_id: int
    link_id: int | None
    invoice_id: int | None
    proof: Proof = Proof.LINK
    session_id: int | None = None
    has_totp: bool = False
    may_pay: bool = True
    is_preview: bool = False
    is_staff: bool = False
    may_export: bool = True

    @property
    def label(self) -> str:
        if self.session_id is not None:
            return f"session:{self.session_id}"
        return f"link:{self.link_id}"


@dataclass(frozen=True, slots=True)
class SystemActor:
    """A job of ours, working in one workspace."""

    workspace_id: int
    job: str

    @property
    def label(self) -> str:
        return f"system:{self.job}"


@dataclass(frozen=True, slots=True)
class Nobody:
    """Not signed in. Reaches no workspace at all: no row has the id zero."""

    workspace_id: int = 0

    @property
    def label(self) -> str:
        return "nobody"


Actor = StaffActor | PortalVisitor | SystemActor | Nobody
