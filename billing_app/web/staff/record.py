"""What a page about one record shows until it has read the record of its address.

A browser tab keeps what its states hold while it goes from page to page, and after a
reload as well. So a page compares, in the browser and before its first frame, the
address with the one whose record was read.
"""

from __future__ import annotations

import reflex as rx
from reflex.utils.imports import ImportVar
from reflex.vars import VarData

from billing_app.web.doors import StaffState

_ADDRESS = VarData(
    imports={"react-router": [ImportVar(tag="useLocation")]},
    hooks={"const recordAddress = useLocation().pathname;": None},
)


class RecordState(StaffState, mixin=True):
    """A state that holds the record which the address names.

    Attributes:
        shown_at: path of the page whose record was read last.
    """

    shown_at: str = ""

    def _show_here(self) -> None:
        """Say that what the state holds belongs to the page's address."""
        self.shown_at = self.router.url.path.rstrip("/")


def is_shown(state: type[RecordState]) -> rx.Var[bool]:
    """Say in the browser whether a state holds what its address names."""
    shown_at = rx.Var.create(state.shown_at)
    return rx.Var(
        rf'({shown_at} === recordAddress.replace(/\/+$/, ""))',
        _var_type=bool,
        _var_data=VarData.merge(_ADDRESS, shown_at._get_all_var_data()),
    ).to(bool)
