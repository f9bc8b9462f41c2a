"""Who is asking, and what a role may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
    ISSUE_INVOICE = "issue_invoice"
    MANAGE_LINKS = "manage_links"
    RECORD_PAYMENT = "record_payment"
    VOID_INVOICE = "void_invoice"
    EXPORT = "export"
    EDIT_SETTINGS = "edit_settings"
    MANAGE_MEMBERS = "manage_members"


_OPERATIONS = frozenset(
    {Permission.VIEW, Permission.EDIT_DRAFT, Permission.EDIT_CUSTOMER}
)
_ACCOUNTING = _OPERATIONS | {
    Permission.ISSUE_INVOICE,
    Permission.MANAGE_LINKS,
    Permission.RECORD_PAYMENT,
    Permission.VOID_INVOICE,
    Permission.EXPORT,
}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({Permission.VIEW}),
    Role.OPERATIONS: _OPERATIONS,
    Role.ACCOUNTING: _ACCOUNTING,
    Role.ADMIN: _ACCOUNTING | {Permission.EDIT_SETTINGS, Permission.MANAGE_MEMBERS},
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


@dataclass(frozen=True, slots=True)
class PortalVisitor:
    """Whoever holds a live portal link.

    Attributes:
        invoice_id: the only invoice the link opens, or None for a customer link.
        is_preview: staff looking as the customer would: reads, never writes.
        is_staff: the browser is signed in to this workspace, so it leaves no visit.
    """

    workspace_id: int
    customer_id: int
    link_id: int
    invoice_id: int | None
    is_preview: bool = False
    is_staff: bool = False

    @property
    def label(self) -> str:
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
