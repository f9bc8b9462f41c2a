"""What people must know is written where they look, and is true.

The tables of ARCHITECTURE.md between `<!-- table: … -->` marks are made from the
code. After a meant change, make them anew:

    uv run python -m tests.architecture.test_docs
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from billing_app.cli import COMMANDS
from billing_app.database.scope import tables_below
from billing_app.domain import events
from billing_app.domain.actors import ROLE_PERMISSIONS, Permission, Role
from billing_app.domain.events import EFFECTS, Event, Topic
from billing_app.models import CustomerVisible
from billing_app.settings import NAMES

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "billing_app"
ARCHITECTURE = ROOT / "ARCHITECTURE.md"
README = (ROOT / "README.md").read_text()
DECISIONS = sorted((ROOT / "docs/decisions").glob("*.md"))
PAGES_WITH_PATHS = [ARCHITECTURE, *sorted((ROOT / "docs").rglob("*.md"))]

# Not by __subclasses__: a class with slots leaves the one it was made from behind.
EVENTS: tuple[type[Event], ...] = tuple(
    found
    for found in vars(events).values()
    if isinstance(found, type) and issubclass(found, Event) and found is not Event
)
# They write in bulk what the others would have written one by one.
NOT_THE_CAUSE = {"seed.py", "demo.py"}
MAKE_ANEW = "uv run python -m tests.architecture.test_docs"

# A file or a folder in backticks, with a name in it after a colon.
NAMED = re.compile(r"`([\w./-]+?(?:\.(?:py|md|css|html|toml)|/))(?::(\w+))?`")
# Folders of an installation or of a build, and addresses: not of the repository.
NOT_OURS = (".", "/")


# Tables of ARCHITECTURE.md


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(text: str) -> str:
    return f"`{text}`"


def permissions_table() -> str:
    rows = [
        [
            code(permission),
            *("yes" if permission in ROLE_PERMISSIONS[x] else "" for x in Role),
        ]
        for permission in Permission
    ]
    return table(["Permission", *Role], rows)


def visible_table() -> str:
    rows = [
        [
            code(shown.__name__),
            _condition(shown),
            code(shown.INVOICE_COLUMN) if shown.INVOICE_COLUMN else "",
        ]
        for shown in sorted(tables_below(CustomerVisible), key=lambda x: x.__name__)
    ]
    return table(["Table", "Rows shown", "An invoice link narrows by"], rows)


def _condition(shown: type[CustomerVisible]) -> str:
    condition = shown.shown_to_customer().compile(
        compile_kwargs={"literal_binds": True}
    )
    # An id that is not null is always there.
    return "all" if ".id IS NOT NULL" in str(condition) else code(str(condition))


def pages_table() -> str:
    from billing_app.web.routes import PAGES

    rows = [
        [code(page.route), _title_of(page.title), code(_file_of(page.component))]
        for page in sorted(PAGES, key=lambda page: page.route)
    ]
    return table(["Route", "Title", "Page"], rows)


def _title_of(title: object) -> str:
    return title if isinstance(title, str) else "what it shows"


def _file_of(component: Callable[..., object]) -> str:
    name = component.__module__.removeprefix("billing_app.")
    return f"{name.replace('.', '/')}.py"


def events_table() -> str:
    rows = [
        [
            code(event.__name__),
            event.TEXT,
            ", ".join(code(path) for path in _recorded_in(event)),
            ", ".join(code(topic) for topic in EFFECTS.get(event, ())),
        ]
        for event in EVENTS
    ]
    return table(["Event", "In the audit trail", "Recorded in", "Promises"], rows)


def _recorded_in(event: type[Event]) -> list[str]:
    """Return the files that make the event or choose it by its class."""
    named = re.compile(rf"(?<!\w){event.__name__}(?!\w)(?=[(,)\]:}}]| if )")
    return [
        str(path.relative_to(PACKAGE))
        for folder in ("services", "workflows")
        for path in sorted((PACKAGE / folder).rglob("*.py"))
        if path.name not in NOT_THE_CAUSE
        and named.search(_without_imports(path.read_text()))
    ]


def _without_imports(source: str) -> str:
    return re.sub(r"^from [\w.]+ import (\([^)]*\)|.*)$", "", source, flags=re.M)


def topics_table() -> str:
    from billing_app.workflows.outbox import DELIVERIES

    rows = [[code(topic), _delivery(DELIVERIES[topic])] for topic in Topic]
    return table(["Topic", "Delivered by"], rows)


def _delivery(work: Callable[..., object]) -> str:
    return code(f"{_file_of(work)}:{work.__name__}")


def decisions_table() -> str:
    rows = [
        [f"[{number_of(path)}](docs/decisions/{path.name})", title_of(path)]
        for path in DECISIONS
    ]
    return table(["", "Decision"], rows)


def number_of(decision: Path) -> str:
    return decision.name[:4]


def title_of(decision: Path) -> str:
    return decision.read_text().splitlines()[0].removeprefix("# ")[5:]


TABLES: dict[str, Callable[[], str]] = {
    "permissions": permissions_table,
    "visible to customers": visible_table,
    "pages": pages_table,
    "events": events_table,
    "topics": topics_table,
    "decisions": decisions_table,
}


def marked(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- table: {name} -->\n).*?(<!-- end -->)", re.S)


def make_tables(text: str) -> str:
    for name, make in TABLES.items():
        found = marked(name).search(text)
        assert found, f"ARCHITECTURE.md has no table of {name}"
        filled = f"{found[1]}\n{make()}\n\n{found[2]}"
        text = text[: found.start()] + filled + text[found.end() :]
    return text


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_of_the_map_are_those_of_the_code(name: str):
    written = marked(name).search(ARCHITECTURE.read_text())

    assert written, f"ARCHITECTURE.md has no table of {name}"
    assert TABLES[name]() in written[0], f"run: {MAKE_ANEW}"


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_has_words_for_the_audit_trail(event: type[Event]):
    assert event.TEXT


def test_the_visible_tables_are_staff_free():
    """What staff write among themselves must never become visible by inheritance."""
    visible = {shown.__name__ for shown in tables_below(CustomerVisible)}

    assert visible.isdisjoint({"AuditEntry", "LineItem", "PaymentNote", "PortalLink"})


# Names and paths


@pytest.mark.parametrize(
    "page", PAGES_WITH_PATHS, ids=lambda page: str(page.relative_to(ROOT))
)
def test_what_a_page_names_exists(page: Path):
    """Paths are those of the repository, or of billing_app/ when it has them."""
    missing = []
    for path, name in NAMED.findall(page.read_text()):
        is_short = "/" not in path.rstrip("/")
        if path.startswith(NOT_OURS) or (is_short and page != ARCHITECTURE):
            continue
        found = [x / path for x in (PACKAGE, ROOT) if (x / path).exists()]
        if not found:
            missing.append(path)
        elif name and not re.search(
            rf"^\s*(?:async )?(?:def|class) {name}\b|^{name}\b",
            found[0].read_text(),
            re.M,
        ):
            missing.append(f"{path}:{name}")

    assert missing == []


def test_each_decision_has_a_number_of_its_own():
    numbers = [number_of(path) for path in DECISIONS]

    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.name)
def test_a_decision_says_why_and_what_holds_it(decision: Path):
    text = decision.read_text()

    assert text.startswith(f"# {number_of(decision)} ")
    for part in ("Context", "Decision", "Consequences", "Alternatives"):
        assert re.search(rf"^(## {part}$|\*\*{part}\.\*\*)", text, re.M), part
    assert "tests/" in text


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "README.md"])
def test_links_lead_somewhere(name: str):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / name).read_text())

    assert [link for link in links if not (ROOT / link).exists()] == []


# The README


def test_the_settings_are_all_named():
    source = (PACKAGE / "settings.py").read_text()
    read = re.findall(r"""\((?:environ, )?"([A-Z_]{4,})\"""", source)

    assert set(read) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_in_the_readme(name: str):
    assert f"`{name}`" in README


@pytest.mark.parametrize("command", re.findall(r"tallyport ([a-z][a-z-]+)", README))
def test_every_command_of_the_readme_exists(command: str):
    assert command in COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command: str):
    assert re.search(rf"tallyport\s{command}\b", README)


@pytest.mark.parametrize("target", re.findall(r"(?:^|`)make ([a-z-]+)", README, re.M))
def test_every_target_of_the_readme_exists(target: str):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M)


if __name__ == "__main__":
    ARCHITECTURE.write_text(make_tables(ARCHITECTURE.read_text()))
