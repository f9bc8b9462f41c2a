"""Units of quantity: the words people write and the codes that machines read."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from babel import Locale

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
# Counted by many, and in no code: machines read single things.
_UNCODED = {
    "night": later_count("night", "nights"),
    "page": later_count("page", "pages"),
    "word": later_count("word", "words"),
}
# What English doesn't make with an s.
_ODD_PLURALS = {"foot": "feet", "square foot": "square feet", "box": "boxes"}

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
# Polish says one and a half with the genitive of one. Its catalog counts whole numbers,
# so this is by what it says of two; words that are left out sound alike.
_POLISH_PARTS = {
    "zestawy": "zestawu", "ryczałty": "ryczałtu", "dni": "dnia",
    "tygodnie": "tygodnia", "miesiące": "miesiąca", "kwartały": "kwartału",
    "lata": "roku", "kartony": "kartonu", "artykuły": "artykułu", "noce": "nocy",
}  # fmt: skip
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
_UNCODED_BY_WORD = {word: pair for pair in _UNCODED.values() for word in pair}


def _english_pairs() -> dict[str, tuple[str, str]]:
    """Return singular and plural by each of the two, of words that have both."""
    known = {*_CODE_BY_WORD, *_UNCODED_BY_WORD}
    pairs = [(word, _ODD_PLURALS.get(word, f"{word}s")) for word in known]
    return {word: pair for pair in pairs if pair[1] in known for word in pair}


_ENGLISH_PAIRS = _english_pairs()


# The one name of each that people are offered; any other word is taken, too.
UNIT_NAMES = (
    *(next(filter(None, words)) for words in UNIT_WORDS.values() if any(words)),
    *_UNCODED,
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

    One is said as one and several as several, whichever was typed: 1 night, 2 nights.
    Where the language is English and where the word is not known or says it better,
    it is the word that staff typed.
    """
    written = " ".join(unit.split())
    is_code = written in UNIT_WORDS
    if not is_code and speech.language == SOURCE_LANGUAGE:
        return _in_english(written, quantity)
    if not is_code and written.lower() in _KEPT:
        return written
    code = written if is_code else _CODE_BY_WORD.get(written.lower().rstrip("."), "")
    if code in _SYMBOLS:
        return _SYMBOLS[code]
    pair = _COUNTED.get(code) or _UNCODED_BY_WORD.get(written.lower())
    if not written or pair is None:
        return written
    said = speech.count(*pair, _counted_as(quantity, speech.language))
    if speech.language == "pl" and quantity != quantity.to_integral_value():
        return _POLISH_PARTS.get(said, said)
    return said


def _in_english(written: str, quantity: Decimal) -> str:
    pair = _ENGLISH_PAIRS.get(written.lower())
    if pair is None:
        return written
    said = pair[_counted_as(quantity, SOURCE_LANGUAGE) != 1]
    # HOURS stays in capitals, and Hours begins with one.
    if written.isupper() and len(written) > 1:
        return said.upper()
    return said[0].upper() + said[1:] if written[0].isupper() else said


@lru_cache(maxsize=1_024)
def _counted_as(quantity: Decimal, language: str) -> int:
    """Return a whole number that is said like this quantity.

    Catalogs know whole numbers only; CLDR knows that 1.5 is said like 2 in English,
    like 1 in French and like 100 in Arabic.
    """
    quantity = abs(quantity).normalize()
    if quantity == quantity.to_integral_value():
        return int(quantity)
    plural = Locale.parse(language).plural_form
    alike = (n for n in (2, 1, 0, 3, 11, 100) if plural(n) == plural(quantity))
    # Polish has a form for parts alone.
    return next(alike, 2)
