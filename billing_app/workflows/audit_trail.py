"""Seal what was written to audit trails since the last time."""

from __future__ import annotations

from billing_app.database.authentication import list_system_actors
from billing_app.domain.actors import SystemActor
from billing_app.runtime import Runtime
from billing_app.services import audit_trail


def seal(runtime: Runtime, workspace_id: int) -> None:
    """Seal the audit trail of one workspace."""
    actor = SystemActor(workspace_id, "audit")
    while runtime.run(actor, audit_trail.seal_entries) == audit_trail.BATCH:
        pass


def seal_all(runtime: Runtime) -> None:
    """Seal every workspace's audit trail: a command ends, and no server may follow."""
    for actor in list_system_actors(runtime.engine, "audit"):
        seal(runtime, actor.workspace_id)
