"""What an export of a whole workspace says of itself, and what it is made of."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from billing_app.domain.audit_chain import START
from billing_app.domain.currencies import is_currency
from billing_app.domain.dates import is_zone
from billing_app.domain.errors import InvalidInput
from billing_app.domain.parsing import clean_text

FORMAT = "tallyport-workspace"
VERSION = 1
# Names in the file; all others are refused.
MANIFEST = "manifest.json"
READ_ME = "README.txt"
TRAIL = "audit-trail.jsonl"
DATA = "data/"
SHEETS = "sheets/"
DOCUMENTS = "documents/"
LOGOS = "logos/"

_NAME = re.compile(
    rf"{MANIFEST}|{READ_ME}|{TRAIL}|{DATA}[a-z_]{{1,40}}\.jsonl"
    rf"|{SHEETS}[a-z-]{{1,40}}\.csv|{DOCUMENTS}[\w.-]{{1,160}}\.pdf"
    rf"|{LOGOS}[0-9a-f]{{64}}\.png",
    re.ASCII,
)
_SLUG = re.compile("[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?", re.ASCII)
_DIGEST = re.compile("[0-9a-f]{64}", re.ASCII)
_LOGO = re.compile(r'"logo_digest":"([0-9a-f]{64})"')
_COUNT_MAX = 10**9
# 53 bits, as in JSON and in the browser.
ID_MAX = 2**53

EXPLANATION = """\
All of a workspace of Tallyport. It has no passwords, keys or secret links.

sheets/      customers, products, invoices, their lines, credit notes and payments, for
             spreadsheets. Amounts are in the currency beside them.
documents/   each document as it was issued. The SHA-256 of such a file is what the page
             that checks documents knows it by.
logos/       pictures that documents and pages show.
data/        each table, one row a line in JSON, nothing lost.
audit-trail.jsonl
             who did what, each entry sealed together with the one before it;
             docs/check_audit_trail.py of Tallyport checks it with nothing else.
manifest.json
             what there is, and the SHA-256 of each file under data/.

tallyport import FILE.zip reads it into a new workspace.
"""


@dataclass(frozen=True, slots=True)
class WorkspaceFacts:
    """The business itself, as it was."""

    slug: str
    name: str
    profile: str
    currency: str
    zone: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TableFacts:
    """One file of rows.

    Attributes:
        first_id, last_id: zero where there is no row.
        sha256: of the unpacked file.
    """

    rows: int
    first_id: int
    last_id: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in an export.

    Attributes:
        tables: by the name of the table; the audit trail is `audit_entry`.
        documents: how many files were issued.
        last_seal: of the audit trail, to compare with the one written down.
    """

    made_at: datetime
    workspace: WorkspaceFacts
    tables: Mapping[str, TableFacts]
    documents: int
    last_seal: str = START

    def rows_of(self, table: str) -> int:
        return self.tables[table].rows if table in self.tables else 0

    @property
    def rows(self) -> int:
        return sum(facts.rows for facts in self.tables.values())


def to_json(manifest: Manifest) -> str:
    said: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        **asdict(manifest),
        "made_at": manifest.made_at.isoformat(),
    }
    said["workspace"]["created_at"] = manifest.workspace.created_at.isoformat()
    return json.dumps(said, indent=1, ensure_ascii=False) + "\n"


def read_manifest(text: bytes) -> Manifest:
    """Read what an export says of itself.

    Raises:
        InvalidInput: it is no export, or one that this version does not read.
    """
    try:
        said = json.loads(text, parse_constant=_no_number)
        is_ours = said.get("format") == FORMAT
    except (ValueError, RecursionError, AttributeError) as error:
        raise _not_an_export() from error
    if not is_ours:
        raise _not_an_export()
    if said.get("version") != VERSION:
        raise InvalidInput(
            "This export was made by another version of Tallyport, which writes them "
            "in another way. Use that version, or export it anew."
        )
    try:
        return _manifest(said)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput("This export says nothing sensible of itself.") from error


def is_name(name: str) -> bool:
    """Tell whether an export has files of such a name."""
    return _NAME.fullmatch(name) is not None


def data_name(table: str) -> str:
    return f"{DATA}{table}.jsonl"


def files_of(row: Mapping[str, Any]) -> set[str]:
    """Return the SHA-256 of each document and picture that a row names."""
    return {
        row[name]
        for name in ("pdf_digest", "logo_digest")
        if isinstance(row.get(name), str)
    } | logos_of(row)


def logos_of(row: Mapping[str, Any]) -> set[str]:
    """Return the SHA-256 of each picture in a row's document."""
    content = row.get("content")
    return set(_LOGO.findall(content)) if isinstance(content, str) else set()


def _not_an_export() -> InvalidInput:
    return InvalidInput("This zip file is not an export of Tallyport.")


def _no_number(text: str) -> float:
    raise ValueError(text)


def _manifest(said: Any) -> Manifest:
    tables = {
        _text(name, 40): TableFacts(
            rows=_count(facts["rows"]),
            first_id=_count(facts["first_id"], ID_MAX),
            last_id=_count(facts["last_id"], ID_MAX),
            sha256=_matching(_DIGEST, facts["sha256"]),
        )
        for name, facts in said["tables"].items()
    }
    return Manifest(
        made_at=_instant(said["made_at"]),
        workspace=_workspace(said["workspace"]),
        tables=tables,
        documents=_count(said["documents"]),
        last_seal=_matching(_DIGEST, said["last_seal"]),
    )


def _workspace(said: Any) -> WorkspaceFacts:
    name = clean_text(_text(said["name"], 200), length_max=200)
    if not name or not is_currency(said["currency"]) or not is_zone(said["zone"]):
        raise ValueError(name)
    return WorkspaceFacts(
        slug=_matching(_SLUG, said["slug"]),
        name=name,
        profile=_text(said["profile"], 40),
        currency=said["currency"],
        zone=_text(said["zone"], 60),
        created_at=_instant(said["created_at"]),
    )


def _instant(said: Any) -> datetime:
    at = datetime.fromisoformat(said)
    if at.tzinfo is None:
        raise ValueError(said)
    return at


def _count(said: Any, most: int = _COUNT_MAX) -> int:
    if not isinstance(said, int) or isinstance(said, bool) or not 0 <= said <= most:
        raise ValueError(said)
    return said


def _text(said: Any, length_max: int) -> str:
    if not isinstance(said, str) or len(said) > length_max or "\0" in said:
        raise ValueError(said)
    return said


def _matching(pattern: re.Pattern[str], said: Any) -> str:
    if pattern.fullmatch(said) is None:
        raise ValueError(said)
    return said
