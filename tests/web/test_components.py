"""The components: names people and screen readers hear, and what they may load."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import reflex as rx

from billing_app.documents.icons import icon_svg
from billing_app.domain.branding import brand_style, correct_brand
from billing_app.web import theme
from billing_app.web.components import (
    badges,
    command_menu,
    controls,
    dialogs,
    layout,
    tables,
)
from billing_app.web.components.icons import ICONS, icon

ASSETS = Path(__file__).parents[2] / "assets"


class Desk(rx.State):
    """What the drawn components are bound to."""

    status: str = "Due"
    error: str = ""
    rows: rx.Field[list[dict[str, str]]] = rx.field(default_factory=list)
    sorted_by: str = "number"
    is_descending: bool = False
    found: rx.Field[list[command_menu.Command]] = rx.field(default_factory=list)

    @rx.event
    def choose(self, key: str) -> None:
        self.sorted_by = key

    @rx.event
    def send(self, form: dict[str, Any]) -> None:
        self.error = str(form)


def drawn(component: rx.Component) -> str:
    """Return the component as the compiler's tree, in words."""
    return str(component.render())


def elements(tree: Any, name: str) -> list[dict[str, Any]]:
    """List the elements of one kind, at any depth."""
    if isinstance(tree, list):
        return [found for child in tree for found in elements(child, name)]
    if not isinstance(tree, dict):
        return []
    here = [tree] if tree.get("name") == f'"{name}"' else []
    inside = [found for value in tree.values() for found in elements(value, name)]
    return here + inside


def only(component: rx.Component, name: str) -> list[str]:
    """Return the props of the one element of this kind."""
    (found,) = elements(component.render(), name)
    return found["props"]


class TestField:
    def test_is_named_by_its_label_alone(self):
        made = controls.field("Amount", controls.text_input("amount"), aside="USD")

        assert 'htmlFor:"field-amount"' in only(made, "label")
        assert 'id:"field-amount"' in only(made, "input")
        assert elements(made.render(), "label")[0]["children"] == [
            {"contents": '"Amount"'}
        ]

    def test_is_described_by_aside_and_note(self):
        made = controls.field("Amount", controls.text_input("amount"), aside="USD")

        described = '"aria-describedby":"field-amount-aside field-amount-note"'
        assert described in only(made, "input")

    def test_shows_the_error_in_place_of_the_hint(self):
        made = controls.field(
            "Amount", controls.text_input("amount"), hint="Full", error="Too much"
        )

        assert '"aria-invalid":true' in only(made, "input")
        assert "Too much" in drawn(made)
        assert "Full" not in drawn(made)

    def test_reads_an_error_from_state(self):
        made = controls.field("Amount", controls.text_input("amount"), error=Desk.error)

        assert any(
            prop.startswith('"aria-invalid":') and "error" in prop
            for prop in only(made, "input")
        )

    def test_finds_the_input_beside_a_unit(self):
        made = controls.field("Amount to pay", controls.money_input("amount", "EUR"))

        assert '"aria-describedby":"field-amount-note"' in only(made, "input")


class TestButton:
    def test_keeps_the_key_out_of_its_name(self):
        made = controls.button("New invoice", shortcut="N")

        assert '"aria-keyshortcuts":"N"' in only(made, "button")
        assert '"aria-hidden":"true"' in only(made, "kbd")

    def test_does_not_submit_unless_asked(self):
        assert 'type:"button"' in only(controls.button("Issue"), "button")
        assert 'type:"submit"' in only(controls.button("Go", submit=True), "button")

    def test_of_an_icon_has_a_name(self):
        made = controls.icon_button("More actions", "more")

        assert '"aria-label":"More actions"' in only(made, "button")


class TestStatusBadge:
    @pytest.mark.feature("F035")
    @pytest.mark.parametrize("status", badges.STATUSES)
    def test_is_an_icon_and_a_word(self, status: str):
        made = badges.status_badge(status)

        assert elements(made.render(), "svg")
        assert f'"{status}"' in drawn(made)

    def test_has_its_own_shape_per_status(self):
        shapes = [ICONS[name] for name in badges.STATUSES.values()]

        assert len(set(shapes)) == len(shapes)

    def test_escapes_words_painted_on_the_server(self):
        html = badges.status_badge_html("Due", "<b>")

        assert "&lt;b&gt;" in html
        assert "badge-due" in html

    def test_chooses_in_the_browser_from_state(self):
        made = drawn(badges.status_badge(Desk.status))

        assert all(status in made for status in badges.STATUSES)


class TestDataTable:
    COLUMNS = (
        tables.Column("number", "Number", sortable=True, phone="title"),
        tables.Column("total", "Total", number=True, phone="amount"),
    )

    def table(self) -> rx.Component:
        return tables.data_table(
            self.COLUMNS,
            Desk.rows,
            lambda it: [it["number"], it["total"]],
            label="Invoices",
            sorted_by=Desk.sorted_by,
            is_descending=Desk.is_descending,
            on_sort=Desk.choose,
        )

    def test_keeps_its_roles_when_it_is_laid_out_as_cards(self):
        tree = self.table().render()

        assert 'role:"table"' in elements(tree, "table")[0]["props"]
        assert all('role:"row"' in row["props"] for row in elements(tree, "tr"))
        assert all('role:"cell"' in cell["props"] for cell in elements(tree, "td"))

    def test_sorts_by_a_button_inside_its_head(self):
        tree = self.table().render()
        sortable, fixed = elements(tree, "th")

        assert any("aria-sort" in prop for prop in sortable["props"])
        assert elements(sortable, "button")
        assert not elements(fixed, "button")

    def test_refuses_a_cell_too_many(self):
        with pytest.raises(AssertionError, match="one cell per column"):
            tables.table_row(self.COLUMNS, "INV-1", "1.00", "left over")


class TestDialog:
    def test_is_named_by_its_title(self):
        made = dialogs.dialog(
            "Record payment", dialog_id="pay", actions=[], on_submit=Desk.send
        )

        assert '"aria-labelledby":"pay-title"' in drawn(made)
        assert 'id:"pay-title"' in only(made, "h2")

    def test_that_asks_offers_the_way_out_first(self):
        made = dialogs.confirm_dialog(
            "Void INV-1?",
            "This cannot be undone.",
            dialog_id="void",
            keep="Keep invoice",
            confirm=controls.button("Void invoice", kind="danger"),
        )
        keep, void = elements(made.render(), "button")

        assert 'role:"alertdialog"' in drawn(made)
        assert '"data-first":"true"' in keep["props"]
        assert "Void invoice" in str(void)


class TestCommandMenu:
    def menu(self) -> rx.Component:
        return command_menu.command_menu(
            results=Desk.found,
            asked=Desk.status,
            on_query=Desk.choose,
            on_select=Desk.choose,
        )

    def test_is_named_as_the_button_that_opens_it(self):
        find = elements(TestShell().shell().render(), "button")

        assert '"aria-label":"Search or jump to"' in drawn(self.menu())
        assert any("Search or jump to" in str(button) for button in find)

    def test_names_only_icons_it_carries(self):
        assert {it.icon for it in command_menu.PAGES} <= set(command_menu.GLYPHS)
        # What customers alone read is nothing that staff find.
        assert set(badges.STATUSES.values()) - {"closed"} <= set(command_menu.GLYPHS)

    def test_leads_to_every_destination(self):
        pages = {(it.words, it.href) for it in command_menu.PAGES}
        fixed = {(it.name, it.href) for it in layout.DESTINATIONS if it.name != "Jobs"}

        assert pages == fixed


class TestShell:
    def shell(self) -> rx.Component:
        return layout.staff_shell(
            title="Invoices", current="Invoices", workspace="Meridian", person="Jana"
        )

    def test_has_one_heading_of_level_one(self):
        assert len(elements(self.shell().render(), "h1")) == 1

    def test_names_its_navigation_main(self):
        navigation = layout.navigation("Invoices", {"Invoices": "8"}, "Trips")
        words = drawn(navigation)

        assert '"aria-label":"Main"' in words
        for name in ("Dashboard", "Invoices", "Customers", "Accounting", "Settings"):
            assert f'"{name}"' in words
        assert words.count('"aria-current":"page"') == 1

    def test_jumps_to_its_content(self):
        tree = self.shell().render()

        assert 'to:"#main"' in drawn(self.shell())
        assert 'id:"main"' in elements(tree, "main")[0]["props"]


def all_components() -> list[rx.Component]:
    return [
        TestShell().shell(),
        TestDataTable().table(),
        layout.portal_shell(
            seller="Northwind", brand=brand_style(correct_brand("#0f5c73"))
        ),
        layout.alone_page("Invoice not found"),
        layout.sign_in_page("Sign in"),
        controls.copy_button("Copy IBAN", "NL91"),
        controls.search_field("Search"),
        controls.segmented("m", "M", [("a", "A")], value="a", on_select=Desk.choose),
        dialogs.dialog("Pay", dialog_id="pay", actions=[], on_submit=Desk.send),
        badges.status_badge(Desk.status),
        TestCommandMenu().menu(),
        layout.error_boundary(),
        icon("search"),
    ]


def test_load_no_component_library():
    """Each of these costs every page of the portal 40 KB and more."""
    heavy = re.compile("radix|lucide|sonner|recharts|gridjs|ag-grid|markdown")

    loaded = {
        library
        for component in all_components()
        for library in component._get_all_imports()
    }

    assert not [library for library in loaded if heavy.search(library)]
    assert "react-router" in loaded


def test_every_class_is_drawn_by_a_stylesheet():
    """A class without a rule is a misspelling, or a rule somebody renamed."""
    styles = "".join(path.read_text() for path in ASSETS.glob("*.css"))
    known = set(re.findall(r"\.(-?[a-z][\w-]*)", styles)) | {"tab", "destination"}
    known |= {"crumb", "portal", "search-field", "phone-hidden", "phone-title"}

    used = {
        name
        for component in all_components()
        for value in re.findall(r'className:\\?"([^"\\]*)', drawn(component))
        for name in value.split()
    }

    assert used - known == set()


def test_every_icon_is_one_path():
    assert all(re.fullmatch(r"[Mm][\d\s.,a-zA-Z-]+", it) for it in ICONS.values())
    assert 'aria-hidden="true"' in icon_svg("search")


def test_stylesheets_are_read_in_order_and_by_version():
    html = theme.stylesheet_html(theme.PORTAL)

    assert html.index("tokens.css?v=") < html.index("base.css?v=")
    assert "staff.css" not in html


def test_what_happened_is_told_in_a_live_region():
    region = drawn(layout.notice_region(None, None, None))

    assert 'role:"status"' in region
    assert '"aria-live":"polite"' in region
