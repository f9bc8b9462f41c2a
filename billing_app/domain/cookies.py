"""The names of our cookies, and how they are read from a Cookie header."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie


def session_cookie(is_https: bool) -> str:
    """Return the name of the staff session's cookie.

    `__Host-` binds it to this host alone; plain http can't carry such a name.
    """
    return _bound("tallyport", is_https)


def portal_cookie(is_https: bool, workspace_id: int) -> str:
    """Return the name of the cookie of a customer session: one for each business."""
    return _bound(f"tallyport-portal-{workspace_id}", is_https)


def list_portal_sessions(header: str, is_https: bool) -> tuple[str, ...]:
    """Return the secrets of all customer sessions in a Cookie header, in one order."""
    prefix = _bound("tallyport-portal-", is_https)
    try:
        cookie = SimpleCookie(header)
    except CookieError:
        return ()
    return tuple(
        cookie[name].value for name in sorted(cookie) if name.startswith(prefix)
    )


def flash_cookie(is_https: bool) -> str:
    """Return the name of the cookie that takes a refused form back to its page."""
    return _bound("tallyport-flash", is_https)


def device_cookie(is_https: bool) -> str:
    """Return the name of the cookie of a browser in which somebody has signed in."""
    return _bound("tallyport-device", is_https)


def guest_cookie(is_https: bool) -> str:
    """Return the name of the cookie that finds the invoice of a browser's guest."""
    return _bound("tallyport-guest", is_https)


def not_kept_cookie(is_https: bool) -> str:
    """Return the name of the cookie that says which invoice nobody wants to keep."""
    return _bound("tallyport-not-kept", is_https)


def read_cookie(header: str, name: str) -> str:
    """Return the value of a cookie, or an empty text."""
    try:
        cookie = SimpleCookie(header)
    except CookieError:
        return ""
    return cookie[name].value if name in cookie else ""


def _bound(name: str, is_https: bool) -> str:
    return f"__Host-{name}" if is_https else name
