"""Where a page finds the scripts of ours that stand beside our modules."""

from __future__ import annotations

import reflex as rx
from reflex_base.environment import environment


def script_beside(module: str, name: str) -> str:
    """Return what a component imports a script by, as `rx.asset` of the module would.

    `rx.asset` looks at the source of every caller to find out whose script it is, and
    links it for the compiler: a quarter of the start of a server, which compiles
    nothing.
    """
    if environment.REFLEX_SKIP_COMPILE.get():
        return f"$/public/external/{module.replace('.', '/')}/{name}"
    return rx.asset(name, shared=True, _stack_level=2).importable_path
