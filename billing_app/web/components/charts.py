"""Figures, bars and aging: drawn with plain elements, each with its table behind.

    month_chart("Invoiced and paid", State.months, scale=State.scale,
                before="Invoiced", after="Paid")

What the pointer is on is written in the panel's head, and Chart | Table switches,
both by the stylesheet alone: nothing waits for the server.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import reflex as rx

from billing_app.web.components.controls import Handler, Text, link, segmented
from billing_app.web.components.tables import Column, data_table


@dataclass(frozen=True, slots=True)
class Month:
    """Two amounts of one month, and how high their bars stand.

    Attributes:
        short: three letters under the bars.
        before_height: percent of the scale's top, 0 to 100; likewise after_height.
    """

    name: str
    short: str
    before: str
    after: str
    before_height: float
    after_height: float


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is outstanding within one span of age.

    Attributes:
        tone: "0" not due yet, "1" to "4" later and later, "disputed".
        percent: its part of the whole bar; 0 leaves it out of the bar.
        href: the list of what is in it, for staff.
    """

    key: str
    words: str
    tone: str
    count: str
    amount: str
    percent: float
    href: str = ""


def scale_steps(largest: int) -> tuple[int, ...]:
    """Return five round steps from the top down to 0 that hold the largest value.

    The top is the next of 1, 2, 4, 6, 8, 12 or 16 times a power of ten, so that a
    quarter of it is round too. Nothing at all still gets a scale.
    """
    power = 1
    while True:
        for factor in (4, 8, 12, 16, 20):
            if factor * power >= largest:
                return tuple(factor * power * part // 4 for part in (4, 3, 2, 1, 0))
        power *= 10


def figures_strip(*figures: rx.Component, label: str) -> rx.Component:
    """Put the page's main figures into one strip, split by hairlines."""
    return rx.el.dl(*figures, class_name="panel figures-strip", aria_label=label)


def figure(
    label: Text, amount: Text, *, cents: Text = "", note: Text = "", late: bool = False
) -> rx.Component:
    return rx.el.div(
        rx.el.dt(label),
        rx.el.dd(
            amount,
            rx.el.span(cents, class_name="cents"),
            class_name="figure-amount late" if late else "figure-amount",
            title=amount,
        ),
        rx.el.dd(note, class_name="figure-note"),
        class_name="figure",
    )


def figure_loading(label: Text) -> rx.Component:
    """Keep the place of a figure until it is read."""
    grey = rx.el.span(class_name="skeleton loading", style={"width": "60%"})
    return rx.el.div(
        rx.el.dt(label),
        rx.el.dd(grey, class_name="figure-amount"),
        rx.el.dd("\u00a0", class_name="figure-note"),
        class_name="figure",
    )


def month_chart(
    title: str,
    months: rx.Var[list[Month]],
    *,
    scale: Sequence[str] | rx.Var[list[str]],
    before: str,
    after: str,
) -> rx.Component:
    """Compare two amounts month by month; `scale` is five words, top first."""
    switch = segmented(
        "chart-or-table",
        "Show as",
        [("chart", "Chart"), ("table", "Table")],
        value="chart",
        small=True,
    )
    return rx.el.section(
        rx.el.div(rx.el.h2(title), switch, class_name="panel-head"),
        rx.el.div(
            rx.el.div(
                rx.foreach(scale, lambda words: rx.el.span(words)),
                class_name="bars-scale",
            ),
            rx.el.div(
                rx.foreach(months, lambda it: _month(it, before, after)),
                class_name="bars-plot",
            ),
            rx.el.div(
                rx.foreach(months, lambda it: rx.el.span(it.short)),
                class_name="bars-months",
            ),
            class_name="bars",
            role="img",
            aria_label=f"{title} by month. The same figures are in the table.",
        ),
        rx.el.div(_month_table(title, months, before, after), class_name="bars-table"),
        class_name="panel chart",
        aria_label=title,
    )


def aging(buckets: rx.Var[list[Bucket]], *, on_pick: Handler = None) -> rx.Component:
    """Draw what is outstanding by age: one bar, and a line for each span.

    A line opens its list, or calls `on_pick` with the bucket's key.
    """
    return rx.fragment(
        rx.el.div(
            rx.foreach(buckets, slice_of_age),
            class_name="aging-bar",
            custom_attrs={"aria-hidden": "true"},
        ),
        rx.el.ul(
            rx.foreach(buckets, lambda it: rx.el.li(_bucket(it, on_pick))),
            class_name="aging-key",
        ),
    )


def slice_of_age(it: rx.vars.ObjectVar[Any]) -> rx.Component:
    """Draw one part of a bar of ages, by its `tone` and `percent`."""
    drawn = rx.el.i(class_name=f"aging-{it.tone}", style={"width": f"{it.percent}%"})
    return rx.cond(it.percent != 0, drawn, rx.fragment())


def _month(it: rx.vars.ObjectVar[Month], before: str, after: str) -> rx.Component:
    return rx.el.div(
        rx.el.i(class_name="bar-before", style={"height": f"{it.before_height}%"}),
        rx.el.i(class_name="bar-after", style={"height": f"{it.after_height}%"}),
        rx.el.p(
            rx.el.b(it.name),
            _legend("bar-before", before, it.before),
            _legend("bar-after", after, it.after),
            class_name="legend bars-reading",
        ),
        class_name="bars-month",
    )


def _legend(swatch: str, words: str, amount: Text) -> rx.Component:
    return rx.el.span(
        rx.el.i(class_name=f"swatch {swatch}"),
        words,
        rx.el.b(amount),
        class_name="legend-key",
    )


def _month_table(
    title: str, months: rx.Var[list[Month]], before: str, after: str
) -> rx.Component:
    columns = (
        Column("month", "Month", wide=True),
        Column("before", before, number=True),
        Column("after", after, number=True),
    )
    return data_table(
        columns,
        months,
        lambda it: [it.name, it.before, it.after],
        label=title,
        cards=False,
    )


def _bucket(it: rx.vars.ObjectVar[Bucket], on_pick: Handler) -> rx.Component:
    content = (
        rx.el.i(class_name=f"swatch aging-{it.tone}"),
        rx.el.span(it.words, class_name="truncate"),
        rx.el.span(it.count, class_name="number quiet"),
        rx.el.b(it.amount, class_name="number"),
    )
    state = rx.cond(it.percent != 0, "bucket", "bucket zero")
    if on_pick is None:
        return link(*content, href=it.href, class_name=state)
    return rx.el.button(
        *content, type="button", class_name=state, on_click=on_pick(it.key)
    )
