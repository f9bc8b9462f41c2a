"""The size of paper that a country prints on."""

# Where CLDR has US-Letter as the paper size; everywhere else it is A4.
_LETTER_COUNTRIES = frozenset(
    {
        *("BZ", "CA", "CL", "CO", "CR", "GT", "MX"),
        *("NI", "PA", "PH", "PR", "SV", "US", "VE"),
    }
)


def paper_of(country: str) -> str:
    """Return the size of a sheet, as CSS names it: letter or A4."""
    return "letter" if country in _LETTER_COUNTRIES else "A4"
