"""Units of quantity: the words people write and the codes that machines read."""

from __future__ import annotations

from decimal import Decimal

from billing_app.domain.speech import SOURCE_LANGUAGE, Speech, later_count

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

# What is counted, in words that each language has of its own.
_COUNTED = {
    "C62": later_count("unit", "units"),
    "H87": later_count("piece", "pieces"),
    "SET": later_count("set", "sets"),
    "PR": later_count("pair", "pairs"),
    "LS": later_count("lump sum", "lump sums"),
    "E48": later_count("service", "services"),
    "MIN": later_count("minute", "minutes"),
    "HUR": later_count("hour", "hours"),
    "DAY": later_count("day", "days"),
    "WEE": later_count("week", "weeks"),
    "MON": later_count("month", "months"),
    "QAN": later_count("quarter", "quarters"),
    "ANN": later_count("year", "years"),
    "XPX": later_count("pallet", "pallets"),
    "XBX": later_count("box", "boxes"),
    "XPK": later_count("package", "packages"),
    "XCT": later_count("carton", "cartons"),
    "E27": later_count("dose", "doses"),
    "IE": later_count("person", "persons"),
    "NAR": later_count("article", "articles"),
}
# What is measured, by the symbol that all languages share.
_SYMBOLS = {
    "GRM": "g", "KGM": "kg", "TNE": "t", "LBR": "lb", "MMT": "mm", "CMT": "cm",
    "MTR": "m", "KMT": "km", "SMI": "mi", "NMI": "NM", "FOT": "ft", "MTK": "m²",
    "FTK": "ft²", "MTQ": "m³", "LTR": "l", "GLL": "gal", "KWH": "kWh", "KWT": "kW",
    "MWH": "MWh", "P1": "%",
}  # fmt: skip
# These stay as typed: symbols that are understood everywhere, and words that say more
# than their code does.
_KEPT = {"h", "min", "d", "m2", "m3", "session", "sessions", "visit", "visits"} | {
    symbol.lower() for symbol in _SYMBOLS.values()
}

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


def unit_words(unit: str, quantity: Decimal, speech: Speech) -> str:
    """Say a unit in a customer's language: `hours` as Stunden, `KMT` as km.

    What staff typed stays where the language is English and where the word is not
    known or says it better.
    """
    written = " ".join(unit.split())
    is_code = written in UNIT_WORDS
    if not is_code and (speech.language == SOURCE_LANGUAGE or written.lower() in _KEPT):
        return written
    code = written if is_code else _CODE_BY_WORD.get(written.lower().rstrip("."), "")
    if code in _SYMBOLS:
        return _SYMBOLS[code]
    if not written or code not in _COUNTED:
        return written
    is_whole = quantity == quantity.to_integral_value()
    # A part of one is said like two: 2.5 hours, and 0.5 hours.
    number = abs(int(quantity)) if is_whole else 2
    return speech.count(*_COUNTED[code], number)
