"""Units of quantity: the words people write and the codes that machines read."""

from __future__ import annotations

# UN/ECE Recommendation 20, the part of it that invoices use, by its English names.
UNIT_WORDS = {
    "C62": ("", "one", "unit", "units", "item", "items"),
    "H87": ("piece", "pieces", "pc", "pcs", "each", "ea"),
    "SET": ("set", "sets"),
    "PR": ("pair", "pairs"),
    "LS": ("lump sum", "flat", "flat rate", "fixed"),
    "E48": ("service", "services", "session", "sessions", "visit", "visits"),
    "MIN": ("minute", "minutes", "min"),
    "HUR": ("hour", "hours", "hr", "hrs", "h"),
    "DAY": ("day", "days", "d"),
    "WEE": ("week", "weeks"),
    "MON": ("month", "months", "mo"),
    "QAN": ("quarter", "quarters"),
    "ANN": ("year", "years"),
    "GRM": ("gram", "grams", "g"),
    "KGM": ("kilogram", "kilograms", "kg"),
    "TNE": ("tonne", "tonnes", "t"),
    "LBR": ("pound", "pounds", "lb", "lbs"),
    "MMT": ("millimetre", "millimetres", "mm"),
    "CMT": ("centimetre", "centimetres", "cm"),
    "MTR": ("metre", "metres", "meter", "meters", "m"),
    "KMT": ("kilometre", "kilometres", "kilometer", "kilometers", "km"),
    "SMI": ("mile", "miles", "mi"),
    "NMI": ("nautical mile", "nautical miles", "nm"),
    "FOT": ("foot", "feet", "ft"),
    "MTK": ("square metre", "square metres", "m2", "m²", "sqm"),
    "FTK": ("square foot", "square feet", "sq ft", "sqft"),
    "MTQ": ("cubic metre", "cubic metres", "m3", "m³"),
    "LTR": ("litre", "litres", "liter", "liters", "l"),
    "GLL": ("gallon", "gallons", "gal"),
    "KWH": ("kilowatt hour", "kilowatt hours", "kwh"),
    "KWT": ("kilowatt", "kilowatts", "kw"),
    "MWH": ("megawatt hour", "megawatt hours", "mwh"),
    "XPX": ("pallet", "pallets"),
    "XBX": ("box", "boxes"),
    "XPK": ("package", "packages", "parcel", "parcels"),
    "XCT": ("carton", "cartons"),
    "E27": ("dose", "doses"),
    "IE": ("person", "persons", "people", "head"),
    "NAR": ("number of articles",),
    "P1": ("percent", "%"),
    "EA": (),
    "XDR": (),
    "4L": (),
    "ZZ": (),
}
DEFAULT_CODE = "C62"

_CODE_BY_WORD = {word: code for code, words in UNIT_WORDS.items() for word in words}


# The one name of each that people are offered; any other word is taken, too.
UNIT_NAMES = tuple(
    next(filter(None, words)) for words in UNIT_WORDS.values() if any(words)
)


def unit_code(unit: str) -> str:
    """Return the code of a unit as it was written: a known word, or a known code.

    A word that is not known counts single things, as e-invoices read C62.
    """
    written = " ".join(unit.split())
    if written in UNIT_WORDS:
        return written
    return _CODE_BY_WORD.get(written.lower().rstrip("."), DEFAULT_CODE)
