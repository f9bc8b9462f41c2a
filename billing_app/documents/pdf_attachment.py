"""Take the invoice out of a Factur-X PDF, in a process of its own.

The file is a stranger's. Reading it may take all the memory and time it wants, of a
process that has little of either, no secrets, no network, and no file to write to.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from io import BytesIO

from billing_app.documents.confined import bare_environment, leave_network
from billing_app.domain.errors import InvalidInput

XML_BYTES_MAX = 5_000_000
# What the invoice inside is called: Factur-X and ZUGFeRD 2, XRechnung, ZUGFeRD 1.
_NAMES = ("factur-x.xml", "xrechnung.xml", "zugferd-invoice.xml", "order-x.xml")
_SECONDS_MAX = 20
_MEMORY_MAX = 512 * 1024**2
_FOUND, _NOTHING, _SEVERAL = 0, 3, 4


def find_invoice_xml(pdf: bytes) -> bytes:
    """Return the XML that an invoice's PDF carries.

    Raises:
        InvalidInput: it has none or several, or can't be read.
    """
    command = [sys.executable, "-m", "billing_app.documents.pdf_attachment"]
    try:
        done = subprocess.run(  # noqa: S603 - our own module, no words of the file
            command,
            input=pdf,
            stdout=subprocess.PIPE,
            # A broken file can be complained about without end.
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS_MAX,
            check=False,
            env=bare_environment(),
        )
    except subprocess.TimeoutExpired as error:
        raise InvalidInput("This PDF takes too long to read.") from error
    if done.returncode == _FOUND:
        return done.stdout
    if done.returncode == _NOTHING:
        raise InvalidInput(
            "This PDF carries no e-invoice (Factur-X or ZUGFeRD), only what people "
            "read."
        )
    if done.returncode == _SEVERAL:
        raise InvalidInput(
            "This PDF carries several e-invoices that differ, and nothing says which "
            "one is meant."
        )
    raise InvalidInput("This PDF can't be read.")


def main() -> int:
    """Read a PDF from standard input and write its invoice to standard output."""
    content = sys.stdin.buffer.read()
    leave_network()
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS_MAX, _SECONDS_MAX))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_MAX, _MEMORY_MAX))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from pypdf import PdfReader

    attached = PdfReader(BytesIO(content)).attachments
    for name in _NAMES:
        found = {xml for x in attached if x.lower() == name for xml in attached[x]}
        if len(found) > 1:
            return _SEVERAL
        for xml in found:
            if len(xml) > XML_BYTES_MAX:
                return 1
            sys.stdout.buffer.write(xml)
            return _FOUND
    return _NOTHING


if __name__ == "__main__":
    sys.exit(main())
