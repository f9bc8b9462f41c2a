"""The customer's account: what is open, how old it is, and every invoice.

`documents/templates/account.html` paints the same before JavaScript; change both.
"""

from __future__ import annotations

import reflex as rx
from reflex_components_core.core.banner import has_connection_errors

from billing_app.domain.portal_account import Fold
from billing_app.domain.portal_invoice import NO_SIGN_IN, NOT_AVAILABLE, NOT_FOUND
from billing_app.web import theme
from billing_app.web.components.badges import status_badge
from billing_app.web.components.charts import aging
from billing_app.web.components.controls import (
    button,
    field,
    get_form,
    link,
    link_button,
    money_input,
    post_form,
    search_field,
)
from billing_app.web.components.dialogs import dialog
from billing_app.web.components.icons import icon
from billing_app.web.components.layout import (
    portal_shell,
    skeleton_block,
)
from billing_app.web.components.tables import row_check
from billing_app.web.components.why import why
from billing_app.web.portal import signing_in
from billing_app.web.portal.account_state import PortalAccountState as State
from billing_app.web.portal.browser import (
    HandOver,
    Leave,
    Narrowing,
    Painted,
    Presence,
    refresh_button,
)
from billing_app.web.portal.invoice import (
    e_credit_note,
    lockup,
    staff_banner,
    stands_alone,
)
from billing_app.web.portal.powers import powers
from billing_app.web.portal.signing_in import sign_in_page
from billing_app.web.words import worded
from billing_app.workflows.account_pages import NARROWED_BY

# Until the page knows better it keeps the title that the server has painted.
_PAINTED_TITLE = rx.Var[str](
    "(typeof document === 'undefined' ? 'Your invoices' : document.title)"
)
TITLE = rx.cond(
    State.sign_in_href != "",
    signing_in.TITLE,
    rx.cond(State.title, worded(State.title), _PAINTED_TITLE),
)
_FINE = worded(
    "Card or bank debit, on Stripe’s secure page. One payment for all of them."
)
_HIDDEN = {"aria-hidden": "true"}
# As the server paints it, too: what was typed there is handed over.
_SEARCH = "search-list"
_ENDS = ("from", "to")
# The columns that the address cannot sort by stand at their places.
_FIRST, _LAST = worded("Invoice"), (worded("Balance"), worded("Actions"))


def page() -> rx.Component:
    return rx.cond(State.sign_in_href, sign_in_page(State.sign_in_href), _page())


def _page() -> rx.Component:
    return rx.cond(
        State.is_loaded,
        rx.cond(
            State.is_gone,
            stands_alone(*NOT_FOUND),
            rx.cond(
                State.is_off,
                stands_alone(*NOT_AVAILABLE, art="lock"),
                rx.cond(
                    State.is_link_only,
                    stands_alone(*NO_SIGN_IN, art="lock"),
                    _account(),
                ),
            ),
        ),
        Painted.create(
            rx.el.main(
                rx.el.h1(worded("Your invoices"), class_name="visually-hidden"),
                skeleton_block(12),
                class_name="account",
            )
        ),
    )


def _account() -> rx.Component:
    it = State.frame
    return portal_shell(
        rx.el.header(
            rx.el.h1(rx.el.bdi(it.customer)),
            rx.el.p(
                worded("Your invoices from {business}", business=it.seller),
                class_name="lead",
            ),
            rx.cond(it.welcome, rx.el.p(it.welcome, class_name="welcome")),
        ),
        _came_back(),
        _summary(),
        rx.cond(State.list.shape != "empty", _tools()),
        _list(),
        _pay_bar(),
        _pay_dialog(),
        rx.cond(it.payments.length() > 0, _payments()),
        rx.cond(State.frame.offers_files & (State.list.shape != "empty"), _statement()),
        powers(it.powers),
        _fresh(),
        rx.cond(
            it.staff_words,
            rx.fragment(),
            Presence.create(on_seen=State.note_seen),
        ),
        lockup=lockup(it),
        links=[
            rx.cond(
                it.change_href,
                link(
                    worded("Change account"),
                    href=it.change_href,
                    leaves_app=True,
                    class_name="",
                ),
            ),
            rx.cond(it.sign_out_href, _sign_out()),
        ],
        seller=it.seller,
        skip_words=worded("Skip to the invoices"),
        main_class="account",
        contact=[
            rx.el.span(it.legal_name),
            rx.foreach(
                it.contacts,
                lambda way: rx.cond(
                    way.href,
                    link(way.words, href=way.href, leaves_app=True, class_name=""),
                    rx.el.span(way.words),
                ),
            ),
        ],
        shows_badge=it.shows_badge,
        brand=it.brand,
        above=[staff_banner(State.frame)],
        notices=State.notices,
        on_dismiss=State.dismiss_notice,
        stylesheets=(theme.ACCOUNT,),
    )


def _sign_out() -> rx.Component:
    return post_form(
        rx.el.button(worded("Sign out"), type="submit"),
        action=State.frame.sign_out_href,
    )


def _came_back() -> rx.Component:
    it = State.frame.pay
    return rx.cond(
        it.note,
        rx.el.p(
            it.note,
            class_name=rx.cond(
                it.note_tone, f"message message-{it.note_tone}", "message"
            ),
            role="status",
        ),
    )


def _summary() -> rx.Component:
    return rx.el.section(
        rx.el.dl(rx.foreach(State.frame.stats, _stat)),
        rx.foreach(
            State.frame.ages,
            lambda it: rx.el.div(
                rx.el.h2(it.title), aging(it.lines), class_name="aging"
            ),
        ),
        class_name="card stats",
        aria_label=worded("Summary"),
    )


def _balances() -> rx.Component:
    it = State.frame.pay
    return rx.fragment(
        rx.cond(it.reason, rx.el.dd(it.reason, class_name="figure-note")),
        rx.cond(
            it.is_offered & (it.balances.length() > 0),
            rx.el.dd(
                rx.foreach(
                    it.balances,
                    lambda pair: button(
                        pair[1],
                        kind="primary",
                        on_click=State.confirm_balance(pair[0]),
                        key=pair[0],
                    ),
                ),
                class_name="pay-balances",
            ),
        ),
    )


def _pay_bar() -> rx.Component:
    """Draw what was chosen and what it comes to, as long as something is."""
    it = State.quote
    return rx.cond(
        State.chosen.length() > 0,
        rx.el.section(
            rx.el.p(
                rx.el.b(it.total, class_name="number"),
                rx.el.span(worded("{count} chosen", count=it.words)),
                rx.cond(it.error, rx.el.span(it.error, class_name="late")),
                role="status",
            ),
            button(worded("Clear"), kind="quiet", on_click=State.choose_none),
            button(
                worded("Pay chosen"),
                kind="primary",
                on_click=State.confirm_choice,
                disabled=(it.error != "") | State.frame.is_preview,
            ),
            class_name="pay-bar",
            aria_label=worded("Chosen invoices"),
        ),
    )


def _pay_dialog() -> rx.Component:
    it = State.quote
    return rx.fragment(
        dialog(
            rx.cond(it.words, worded("Pay {what}", what=it.words), worded("Pay")),
            rx.cond(
                it.rows.length() > 0,
                rx.el.ul(
                    rx.foreach(it.rows, _quoted), class_name="pay-rows", tab_index=0
                ),
            ),
            field(
                worded("Amount to pay"),
                money_input(
                    "amount",
                    it.currency,
                    default_value=it.amount,
                    key=State.quote_turn.to_string(),
                    disabled=State.frame.is_preview,
                    on_blur=State.weigh,
                ),
                hint=it.hint,
                error=it.error,
                field_id="pay-amount",
            ),
            dialog_id="pay-together",
            lead=_FINE,
            actions=[
                button(worded("Cancel"), closes=True),
                button(
                    worded("Continue to payment"),
                    kind="primary",
                    submit=True,
                    busy=State.is_paying,
                    disabled=State.frame.is_preview,
                ),
            ],
            on_submit=State.pay,
            open=State.is_confirming,
            on_close=State.stop_paying,
        ),
        Leave.create(to=State.payment_page),
    )


def _quoted(it: rx.Var) -> rx.Component:
    return rx.el.li(
        rx.el.span(it.number, rx.el.small(it.due)),
        rx.el.span(it.amount, class_name="number"),
    )


def _stat(it: rx.Var, place: rx.Var[int]) -> rx.Component:
    late = rx.el.b(it.late_note, class_name="late")
    return rx.el.div(
        rx.el.dt(it.label),
        rx.el.dd(rx.foreach(it.amounts, lambda amount: rx.el.p(amount))),
        rx.el.dd(
            it.note,
            rx.cond(it.late_note, rx.fragment(", ", late)),
            class_name="figure-note",
        ),
        rx.cond(
            it.parts.length() > 0,
            rx.el.dd(why(it.parts, worded("Why this figure?"))),
        ),
        rx.cond(place == 0, _balances()),
    )


def _tools() -> rx.Component:
    it = State.list
    return rx.el.div(
        search_field(
            worded("Search"),
            name="q",
            id=_SEARCH,
            placeholder=worded("Number, PO or reference"),
            default_value=it.text,
            max_length=200,
        ),
        _fold_of_filters(),
        rx.el.nav(
            rx.foreach(it.tabs, _tab), class_name="filters", aria_label=worded("Status")
        ),
        rx.el.select(
            rx.foreach(
                it.periods,
                lambda one: rx.el.option(one.words, value=one.key, key=one.key),
            ),
            name="period",
            class_name="input period",
            aria_label=worded("Period"),
            value=it.period,
        ),
        rx.el.span(
            _issued_day(worded("From"), "from", it.first),
            _issued_day(worded("To"), "to", it.last),
            class_name="days",
        ),
        # Before those that hand something over, to hear of it.
        Narrowing.create(read=it.asked, names=list(NARROWED_BY), field=_SEARCH),
        HandOver.create(target=_SEARCH, tells="input"),
        *(HandOver.create(target=f"issued-{end}", tells="focusout") for end in _ENDS),
        class_name="toolbar",
        role="search",
    )


def _fold_of_filters() -> rx.Component:
    """Draw what unfolds the days, and on a phone all filters that stand behind it."""
    filters = State.list.filters
    return rx.el.details(
        rx.el.summary(
            icon("filter"),
            worded("Filter"),
            rx.cond(
                filters,
                rx.fragment(" ", rx.el.span(filters, class_name="count")),
            ),
            class_name="button",
        ),
        class_name="fold",
    )


def _issued_day(words: rx.Var[str], end: str, day: rx.Var[str]) -> rx.Component:
    """Draw an end of the days of issue that the list is narrowed to."""
    return rx.el.label(
        words,
        rx.el.input(
            type="date",
            name=end,
            id=f"issued-{end}",
            class_name="input",
            default_value=day,
            key=day,
        ),
    )


def _tab(it: rx.Var) -> rx.Component:
    return link(
        it.words,
        " ",
        rx.el.span(it.count, class_name="count"),
        href=it.href,
        class_name="",
        custom_attrs={"aria-current": rx.cond(it.is_current, "page", "false")},
    )


def _list() -> rx.Component:
    it = State.list
    return rx.fragment(
        rx.cond(
            it.narrowed,
            rx.el.p(
                rx.el.span(it.narrowed),
                link(worded("Show all"), href=it.plain_href),
                class_name="narrowed",
            ),
        ),
        rx.match(
            it.shape,
            ("rows", _table()),
            (
                "none",
                rx.el.p(
                    it.none_words,
                    " ",
                    rx.cond(
                        it.archived.is_current,
                        rx.fragment(),
                        link(it.archived.words, href=it.archived.href),
                    ),
                    rx.cond(
                        it.plain_href,
                        rx.fragment(
                            rx.cond(it.archived.is_current, "", " · "),
                            link(worded("Show all"), href=it.plain_href),
                        ),
                    ),
                    class_name="nothing",
                    role="status",
                ),
            ),
            rx.el.p(
                worded("No invoices yet. They appear here as soon as there are any."),
                class_name="nothing",
            ),
        ),
    )


def _table() -> rx.Component:
    it = State.list
    return rx.el.div(
        rx.el.table(
            rx.el.caption(worded("Invoices"), class_name="visually-hidden"),
            rx.el.thead(
                rx.el.tr(
                    _head(_FIRST),
                    rx.foreach(it.heads, _sorting_head),
                    _head(_LAST[0], "number"),
                    _head(_LAST[1], is_hidden=True),
                    role="row",
                ),
                role="rowgroup",
            ),
            rx.el.tbody(rx.foreach(it.rows, _row), role="rowgroup"),
            role="table",
            class_name="table table-cards",
            aria_label=worded("Invoices"),
        ),
        rx.el.nav(
            rx.el.p(it.range_words, role="status"),
            _archived(),
            _step(worded("Previous"), it.newer_href),
            _step(worded("Next"), it.older_href),
            class_name="pager",
            aria_label=worded("Pages"),
        ),
        class_name="card table-card",
    )


def _archived() -> rx.Component:
    it = State.list.archived
    return link(
        rx.cond(it.is_current, worded("Hide archived"), it.words),
        href=it.href,
        class_name="pager-more",
    )


def _step(words: rx.Var[str], href: rx.Var[str]) -> rx.Component:
    return rx.cond(
        href,
        link_button(words, href, small=True),
        button(words, small=True, disabled=True),
    )


def _head(
    words: rx.Var[str], class_name: str = "", is_hidden: bool = False
) -> rx.Component:
    shown = rx.el.span(words, class_name="visually-hidden") if is_hidden else words
    return rx.el.th(shown, role="columnheader", scope="col", class_name=class_name)


def _sorting_head(it: rx.Var) -> rx.Component:
    return rx.el.th(
        link(it.words, icon("arrow-up", 14, "sort-arrow"), href=it.href, class_name=""),
        role="columnheader",
        scope="col",
        class_name=rx.cond(it.key == "total", "number", ""),
        custom_attrs={"aria-sort": it.direction},
    )


def _row(it: rx.Var) -> rx.Component:
    is_open = State.open_rows.contains(it.key)
    return rx.fragment(
        rx.el.tr(
            _cell(_number(it, is_open), "title"),
            _cell(it.issued, "hidden", "quiet"),
            _cell(
                it.due,
                "under",
                rx.cond(it.is_late, "due late", "due"),
                words=worded("Due"),
            ),
            _cell(
                rx.fragment(
                    status_badge(it.status, it.status_words),
                    rx.cond(it.note, rx.el.small(it.note, class_name="row-note")),
                ),
                "status",
            ),
            _cell(it.total, "hidden", "number"),
            _cell(
                rx.fragment(
                    rx.el.span(it.balance, class_name="on-desktop"),
                    rx.el.span(
                        it.phone_amount, class_name="on-phone", custom_attrs=_HIDDEN
                    ),
                ),
                "amount",
                rx.cond(it.is_settled, "number settled", "number"),
            ),
            _cell(_actions(it), "amount-under"),
            role="row",
            class_name=rx.cond(is_open, "row-open", ""),
        ),
        rx.cond(
            is_open,
            rx.el.tr(
                rx.el.td(_fold(State.folds[it.key], it), col_span=7, role="cell"),
                role="row",
                class_name="row-fold",
            ),
        ),
        key=it.key,
    )


def _cell(
    content: rx.Component | rx.Var,
    place: str,
    class_name: str | rx.Var[str] = "",
    words: rx.Var[str] | None = None,
) -> rx.Component:
    """Draw a cell; `words` stand before its content on a phone, without heads."""
    named = f"phone-{place} {class_name}"
    given = {} if words is None else {"data-words": words}
    return rx.el.td(content, role="cell", class_name=named, custom_attrs=given)


def _number(it: rx.Var, is_open: rx.Var) -> rx.Component:
    return rx.el.span(
        rx.cond(State.frame.pay.is_offered, _choice(it)),
        rx.el.button(
            icon("chevron-right"),
            type="button",
            class_name="row-toggle",
            aria_label=worded("Lines of {number}", number=it.number),
            on_click=State.toggle(it.id),
            custom_attrs={"aria-expanded": rx.cond(is_open, "true", "false")},
        ),
        # The page is loaded whole: a card form needs what its own answer allows.
        link(it.number, href=it.href, leaves_app=True, class_name="row-link"),
        rx.cond(it.order, rx.el.small(it.order, class_name="order")),
        class_name="row-number",
    )


def _choice(it: rx.Var) -> rx.Component:
    return rx.cond(
        it.can_choose,
        row_check(
            worded("Choose {number}", number=it.number),
            checked=State.chosen.contains(it.key),
            on_check=State.choose(it.id),
        ),
        rx.el.span(class_name="no-check"),
    )


def _actions(it: rx.Var) -> rx.Component:
    return rx.el.div(
        rx.cond(
            it.pay_href,
            link_button(
                it.pay_words,
                it.pay_href,
                small=True,
                leaves_app=True,
                aria_label=f"{it.pay_words} {it.number}",
            ),
        ),
        rx.cond(
            it.pdf_href,
            link(
                icon("download"),
                href=it.pdf_href,
                leaves_app=True,
                class_name="button button-quiet button-icon button-small on-desktop",
                aria_label=worded("Download PDF of {number}", number=it.number),
            ),
        ),
        class_name="row-actions",
    )


def _fold(fold: rx.Var[Fold], row: rx.Var) -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.foreach(fold.lines, _line),
            rx.foreach(
                fold.sums,
                lambda pair: rx.el.div(
                    rx.el.span(pair[0]),
                    rx.el.span(pair[1], class_name="number"),
                    class_name="line",
                ),
            ),
            rx.el.div(
                rx.el.span(worded("Total")),
                rx.el.span(fold.total, class_name="number"),
                class_name="line line-total",
            ),
            rx.foreach(fold.disputes, _dispute),
        ),
        rx.el.div(
            rx.el.h3(worded("Payments")),
            rx.cond(
                fold.payments.length() > 0,
                rx.el.ul(rx.foreach(fold.payments, _payment), class_name="received"),
                rx.el.p(worded("None yet."), class_name="quiet"),
            ),
            rx.cond(
                fold.comments.length() > 0,
                rx.fragment(rx.el.h3(worded("Conversation")), _talk(fold.comments)),
            ),
            rx.el.h3(worded("What happened")),
            rx.el.ol(rx.foreach(fold.history, _moment), class_name="timeline"),
            rx.el.p(
                link(worded("Open invoice"), href=row.href, leaves_app=True),
                rx.cond(
                    fold.talk_href,
                    link(worded("Conversation"), href=fold.talk_href, leaves_app=True),
                ),
                class_name="fold-links",
            ),
        ),
        class_name="fold-columns",
    )


def _line(it: rx.Var) -> rx.Component:
    return rx.fragment(
        rx.cond(it.heading, rx.el.h3(it.heading)),
        rx.el.div(
            rx.el.span(
                it.name,
                rx.cond(it.detail, rx.el.span(it.detail, class_name="line-detail")),
            ),
            rx.el.span(it.amount, class_name="number"),
            rx.cond(
                it.behind.length() > 0,
                rx.foreach(it.behind, _behind),
                rx.cond(
                    it.is_by_hand,
                    rx.el.small(icon("pencil", 13), worded("Entered by hand")),
                ),
            ),
            rx.cond(it.more, rx.el.small(icon("package", 13), it.more)),
            class_name="line",
        ),
        rx.foreach(it.disputes, _dispute),
    )


def _behind(it: rx.Var) -> rx.Component:
    return rx.el.small(
        icon("package", 13),
        rx.el.span(it.words, rx.el.span(it.arithmetic, class_name="arithmetic")),
    )


def _dispute(it: rx.Var) -> rx.Component:
    return rx.el.div(
        rx.el.b(icon("flag"), it.heading),
        rx.el.p("“", it.words, "”"),
        rx.el.p(it.note, class_name="dispute-note"),
        rx.cond(it.comments.length() > 0, _talk(it.comments)),
        rx.cond(it.answer, rx.el.p(it.answer)),
        class_name=rx.cond(it.is_open, "dispute dispute-open", "dispute"),
    )


def _talk(comments: rx.Var) -> rx.Component:
    return rx.el.ol(
        rx.foreach(
            comments,
            lambda it: rx.el.li(
                rx.el.p(
                    rx.el.b(rx.el.bdi(it.author)),
                    rx.el.span(it.when),
                ),
                rx.el.p(it.words),
            ),
        ),
        class_name="fold-talk",
    )


def _payment(it: rx.Var) -> rx.Component:
    return rx.el.li(
        rx.el.span(it.method, rx.el.small(it.received_on)),
        rx.el.span(it.amount, class_name="number"),
        rx.cond(it.note, rx.el.small(it.note)),
        rx.cond(
            it.receipt_href,
            link(it.receipt_words, href=it.receipt_href, leaves_app=True),
            rx.el.span(it.word, class_name="quiet"),
        ),
        rx.cond(it.cii_href, e_credit_note(it)),
    )


def _moment(it: rx.Var) -> rx.Component:
    return rx.el.li(
        it.title,
        rx.el.span(it.words),
        class_name=rx.cond(it.tone, f"timeline-{it.tone}", ""),
    )


def _payments() -> rx.Component:
    """Draw what was paid on the whole account, and the receipts."""
    it = State.frame
    return rx.el.section(
        rx.el.h2(worded("Payments"), id="payments-title"),
        rx.el.ul(rx.foreach(it.payments, _account_payment), class_name="rows"),
        rx.cond(
            it.payments_href,
            rx.el.p(link(worded("Show all"), href=it.payments_href), class_name="more"),
        ),
        class_name="section",
        custom_attrs={"id": "payments", "aria-labelledby": "payments-title"},
    )


def _account_payment(it: rx.Var) -> rx.Component:
    return rx.el.li(
        rx.el.span(it.received_on, class_name="secondary"),
        rx.el.span(
            it.method,
            rx.cond(it.note, rx.el.small(it.note)),
            rx.foreach(it.invoices, _paid_invoice),
        ),
        rx.el.span(it.amount, class_name="number medium"),
        rx.el.span(
            rx.cond(
                it.is_processing,
                status_badge("Processing", it.word),
                rx.el.span(it.word, class_name="quiet"),
            )
        ),
        key=it.key,
    )


def _paid_invoice(it: rx.Var) -> rx.Component:
    return rx.el.small(
        link(it.number, href=it.href, leaves_app=True),
        rx.cond(it.words, rx.fragment(" ", it.words)),
        rx.cond(
            it.receipt_href,
            rx.fragment(
                " · ",
                link(
                    worded("Receipt PDF"),
                    href=it.receipt_href,
                    leaves_app=True,
                    aria_label=worded("Receipt PDF for {number}", number=it.number),
                ),
            ),
        ),
    )


def _statement() -> rx.Component:
    it, packing = State.frame, State.packing
    return rx.el.section(
        rx.el.h2(worded("Statement and documents"), id="statement"),
        get_form(
            _day(worded("From"), "from", it.statement_first),
            _day(worded("To"), "to", it.statement_last),
            _file(worded("Statement PDF"), f"{it.base}/statement.pdf"),
            _file(worded("Statement CSV"), f"{it.base}/statement.csv"),
            rx.cond(
                it.shows_pdf,
                button(
                    worded("All documents as zip"),
                    icon_name="download",
                    busy=State.is_packing,
                    on_click=State.pack({"from": _typed("from"), "to": _typed("to")}),
                ),
            ),
            action=f"{it.base}/statement.pdf",
            class_name="statement",
        ),
        rx.cond(
            State.is_packing,
            rx.el.p(
                rx.el.progress(
                    value=packing.ready,
                    max=packing.whole,
                    aria_label=worded("Prepared"),
                ),
                worded(
                    "{ready} of {count} documents are ready.",
                    ready=packing.ready,
                    count=packing.whole,
                ),
                class_name="packing",
                role="status",
            ),
        ),
        Leave.create(to=State.zip_href, after="click"),
        class_name="section",
        custom_attrs={"aria-labelledby": "statement"},
    )


def _day(words: rx.Var[str], name: str, first: rx.Var[str]) -> rx.Component:
    return rx.el.label(
        rx.el.span(words, class_name="field-label"),
        rx.el.input(
            type="date",
            name=name,
            id=f"statement-{name}",
            default_value=first,
            key=first,
            class_name="input",
        ),
    )


def _typed(name: str) -> rx.Var[str]:
    """Return what a day's field holds when something is pressed."""
    return rx.Var(f"document.getElementById('statement-{name}').value")


def _file(words: rx.Var[str], address: str | rx.Var[str]) -> rx.Component:
    """Draw a button that sends the form's days; the answer is a file."""
    return rx.el.button(
        icon("download"),
        words,
        type="submit",
        class_name="button",
        custom_attrs={"formAction": address},
    )


def _fresh() -> rx.Component:
    return rx.el.p(
        rx.el.span(
            class_name=rx.cond(has_connection_errors, "dot dot-off", "dot"),
            custom_attrs=_HIDDEN,
        ),
        rx.cond(
            has_connection_errors,
            worded("Not connected since"),
            worded("Up to date at"),
        ),
        " ",
        rx.el.time(State.clock, date_time=State.as_of, title=State.exactly),
        refresh_button(State.refresh),
        class_name="fresh",
    )
