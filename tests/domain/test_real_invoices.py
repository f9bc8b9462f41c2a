"""Published e-invoices, computed again and compared to the cent."""

import json
import os
from pathlib import Path

import pytest

from billing_app.domain.import_cases import ImportCase, differences, import_file
from billing_app.domain.totals import compute_totals

REPOSITORY = Path(__file__).parents[2]
FILE = Path(
    os.environ.get("TALLYPORT_REAL_INVOICES")
    or REPOSITORY.parent / "shared" / "data" / "real-invoices.json"
)
CASES = import_file(json.loads(FILE.read_text("utf-8"))) if FILE.is_file() else ()
EXACT = [pytest.param(case, id=case.id) for case in CASES if case.is_exact]

pytestmark = pytest.mark.skipif(not CASES, reason=f"there is no {FILE.name} to read")


@pytest.mark.parametrize("case", EXACT)
def test_every_printed_figure_is_reproduced(case: ImportCase):
    assert case.expected

    assert differences(compute_totals(case.terms), case.expected) == ()


def test_the_file_has_something_to_say():
    assert len(EXACT) >= 40


def test_files_with_defects_are_told_from_good_ones():
    """A comparison that finds nothing in them would find nothing anywhere."""
    for case in CASES:
        if not case.is_exact:
            assert case.expected
            assert differences(compute_totals(case.terms), case.expected) != ()
