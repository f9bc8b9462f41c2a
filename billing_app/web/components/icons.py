"""Icons on pages, drawn inline; the set is shared with HTML from the server."""

import reflex as rx

from billing_app.documents.icons import ICONS

__all__ = ["ICONS", "icon", "icon_path"]


def icon(name: str, size: int = 16, class_name: str = "") -> rx.Component:
    """Draw a decorative icon; the words beside it carry the meaning."""
    return icon_path(ICONS[name], size, class_name)


def icon_path(
    path: str | rx.Var[str], size: int = 16, class_name: str | rx.Var[str] = ""
) -> rx.Component:
    """Draw an icon whose path is chosen in the browser, as status badges do."""
    return rx.el.svg(
        rx.el.path(d=path),
        class_name=f"icon {class_name}" if class_name else "icon",
        width=str(size),
        height=str(size),
        view_box="0 0 24 24",
        custom_attrs={"aria-hidden": "true"},
    )
