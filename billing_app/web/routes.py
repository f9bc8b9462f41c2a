"""Every page of the app: its route, its title, what it shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import reflex as rx

from billing_app.web.staff import sign_in


@dataclass(frozen=True, slots=True)
class Page:
    route: str
    title: str
    component: Callable[[], rx.Component]


PAGES = (Page("/", "Sign in", sign_in.page),)
