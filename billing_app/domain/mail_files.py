"""Which files a mail brings along, how long it waits for them, and why it may not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from billing_app.domain.document import DocumentKind, file_name

# Many servers take no mail over 10 MB, and base64 makes four bytes of three.
BYTES_MAX = 7_000_000
# Of a payment for many invoices the link alone tells enough.
FILES_MAX = 20

# While it is being printed; after a failed try there are others soon.
PATIENCE = timedelta(minutes=10)
PATIENCE_AFTER_FAILURE = timedelta(minutes=1)
LOOK_AGAIN = timedelta(seconds=2)

# Among the details of a message: what was chosen, and since when it waits.
CHOSEN = "files"
WAITS_SINCE = "waits_since"

# Longer names are cut to pieces in a mail's head, which few programs put together.
_STEM_LENGTH_MAX = 50


class Withheld(StrEnum):
    """Why a mail brings less than the business has set."""

    HIDDEN = "hidden"
    NOT_PRINTED = "not_printed"
    TOO_LARGE = "too_large"
    LOST = "lost"
    NOT_AN_E_INVOICE = "not_an_e_invoice"


WITHHELD_WORDS = {
    Withheld.HIDDEN: "the portal hides the PDF",
    Withheld.NOT_PRINTED: "the PDF could not be made in time",
    Withheld.TOO_LARGE: "the files are too large for a mail",
    Withheld.LOST: "the stored file is missing or not what it was",
    Withheld.NOT_AN_E_INVOICE: "no XML, since this can’t be an e-invoice",
}


@dataclass(frozen=True, slots=True)
class ChosenFile:
    """A document that a mail brings along, by the digests of its files.

    Attributes:
        xml_digest: empty where only the PDF comes along.
    """

    kind: DocumentKind
    document_id: int
    pdf_digest: str
    xml_digest: str = ""


@dataclass(frozen=True, slots=True)
class ChosenFiles:
    """What the first try has chosen: another one brings the same bytes, or none.

    Attributes:
        withheld: why it is less than was set, or None.
    """

    files: tuple[ChosenFile, ...] = ()
    withheld: Withheld | None = None

    def to_stored(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_details(cls, details: Mapping[str, Any]) -> ChosenFiles | None:
        """Read what a message's details hold; None before anything was chosen."""
        stored = details.get(CHOSEN)
        if stored is None:
            return None
        files = (
            ChosenFile(
                DocumentKind(it["kind"]),
                it["document_id"],
                it["pdf_digest"],
                it["xml_digest"],
            )
            for it in stored["files"]
        )
        withheld = stored["withheld"]
        return cls(tuple(files), Withheld(withheld) if withheld else None)

    @property
    def words(self) -> str:
        """Say what came along, and what did not; empty where nothing was to come."""
        if self.withheld is None and not self.files:
            return ""
        count = len(self.files)
        along = "the PDF" if count == 1 else f"{count} PDFs"
        if any(file.xml_digest for file in self.files):
            along += " and the XML"
        said = f"with {along}" if count else "with the link alone"
        return f"{said}: {WITHHELD_WORDS[self.withheld]}" if self.withheld else said


def attached_name(kind: DocumentKind, number: str) -> str:
    """Return what the files of a document are called in a mail, without ending."""
    return file_name(kind, number)[:_STEM_LENGTH_MAX].strip("-")
