"""What a notice offers to take back, kept for as long as the notice is shown."""

from __future__ import annotations

from typing import Any

from billing_app.web.doors import ActingState


class UndoState(ActingState, mixin=True):
    """A state whose notices can take back what they tell of.

    What is offered goes with its notice: a click that comes late, or from a page
    that was left meanwhile, finds nothing to take back.
    """

    _offers: dict[str, Any] = {}  # noqa: RUF012

    def _offer_undo(self, message: str, change: object, button: str = "Undo") -> str:
        """Say what happened, with a button that takes `change` back; return the key."""
        key = self._notify(message, button)
        shown = {notice.key for notice in self.notices}
        kept = {one: it for one, it in self._offers.items() if one in shown}
        self._offers = {**kept, key: change}
        return key

    def _offered(self, key: str) -> Any:
        """Return what a notice that is still shown takes back, or None."""
        is_shown = any(notice.key == key for notice in self.notices)
        return self._offers.get(key) if is_shown else None
