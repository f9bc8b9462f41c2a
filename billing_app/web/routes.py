"""Every page of the app: its route, its title, what it shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import reflex as rx

from billing_app.web.staff import set_up, sign_in, sign_in_code, sign_in_password
from billing_app.web.staff.sign_in_state import SignInState


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the app.

    Attributes:
        on_load: handlers that run whenever the page is opened.
    """

    route: str
    title: str
    component: Callable[[], rx.Component]
    on_load: tuple[Any, ...] = ()


_ARRIVE = (SignInState.arrive,)

PAGES = (
    Page("/sign-in", "Sign in", sign_in.page, _ARRIVE),
    Page("/sign-in/code", "Enter your code", sign_in_code.page, _ARRIVE),
    Page("/sign-in/password", "Choose your password", sign_in_password.page, _ARRIVE),
    Page("/set-up", "Set up", set_up.page, (SignInState.arrive_at_set_up,)),
)
