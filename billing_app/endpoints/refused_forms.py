"""The page that answers a form that was refused: why, and the form once more."""

from __future__ import annotations

from markupsafe import Markup

_NO_FORM = Markup("")
_PAGE = Markup(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<link rel="icon" href="/favicon.svg">
<link rel="stylesheet" href="/tokens.css">
<link rel="stylesheet" href="/base.css">
<link rel="stylesheet" href="/portal.css">
<link rel="stylesheet" href="/dark.css">
</head>
<body class="alone">
<main>
<h1>{title}</h1>
<p class="message message-bad" role="alert">{message}</p>
{form}
<p><a class="link" href="{back}">Back to {where}</a></p>
</main>
</body>
</html>
"""
)


def refused_form(
    title: str,
    message: str,
    *,
    back: str,
    form: Markup = _NO_FORM,
    where: str = "the invoice",
) -> str:
    """Return the whole page; `form` still holds what was typed.

    `back` is the address that the form was on, `where` what stands there.
    """
    return _PAGE.format(title=title, message=message, form=form, back=back, where=where)
