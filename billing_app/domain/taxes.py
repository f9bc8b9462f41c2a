"""The kinds of tax a workspace can charge, as e-invoices name them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from billing_app.domain.errors import InvalidInput
from billing_app.domain.terms import TaxTerms

# On one line: more are in no law we know, and in no column of a sheet.
TAXES_TOGETHER_MAX = 4

# UNCL 5305, the part of it that EN 16931 allows, in words people know.
TAX_CATEGORIES = {
    "S": "Standard or reduced rate",
    "Z": "Zero rate",
    "E": "Exempt",
    "AE": "Reverse charge",
    "K": "Sale within the EU",
    "G": "Export outside the EU",
    "O": "Not subject to tax",
}


# What has to be said where no tax is charged (2006/112/EC, article 226, and what the
# countries make of it), in the languages documents are printed in. In Polish these
# supplies are taxed at 0%: "zwolnione" would say that the seller deducts nothing.
_NOTES = {
    "AE": {
        "en": "Reverse charge",
        "de": "Steuerschuldnerschaft des Leistungsempfängers",
        "fr": "Autoliquidation",
        "es": "Inversión del sujeto pasivo",
        "nl": "Btw verlegd",
        "it": "Inversione contabile",
        "pt": "IVA – autoliquidação",
        "pl": "Odwrotne obciążenie",
        "ar": "آلية الاحتساب العكسي لضريبة القيمة المضافة",
        "ja": "リバースチャージ方式（納税義務者は買手）",
    },
    "K": {
        "en": "VAT-exempt intra-Community supply",
        "de": "Steuerfreie innergemeinschaftliche Lieferung",
        "fr": "Livraison intracommunautaire exonérée de TVA",
        "es": "Entrega intracomunitaria exenta de IVA",
        "nl": "Intracommunautaire levering, vrijgesteld van btw",
        "it": "Cessione intracomunitaria non imponibile IVA",
        "pt": "Transmissão intracomunitária de bens isenta de IVA",
        "pl": "Wewnątrzwspólnotowa dostawa towarów (WDT), VAT 0%",
        "ar": "توريد داخل الاتحاد الأوروبي معفى من ضريبة القيمة المضافة",
        "ja": "EU域内供給につきVAT免税",
    },
    "G": {
        "en": "VAT-exempt export outside the EU",
        "de": "Steuerfreie Ausfuhrlieferung",
        "fr": "Exportation exonérée de TVA",
        "es": "Exportación exenta de IVA",
        "nl": "Uitvoer buiten de EU, vrijgesteld van btw",
        "it": "Esportazione non imponibile IVA",
        "pt": "Exportação isenta de IVA",
        "pl": "Eksport towarów poza UE, VAT 0%",
        "ar": "تصدير خارج الاتحاد الأوروبي معفى من ضريبة القيمة المضافة",
        "ja": "EU域外への輸出につき輸出免税",
    },
    "O": {
        "en": "Not subject to VAT",
        "de": "Nicht steuerbar",
        "fr": "Hors du champ d’application de la TVA",
        "es": "Operación no sujeta a IVA",
        "nl": "Valt buiten de btw",
        "it": "Fuori campo IVA",
        "pt": "Não sujeito a IVA",
        "pl": "Nie podlega opodatkowaniu VAT",
        "ar": "غير خاضع لضريبة القيمة المضافة",
        "ja": "不課税（VAT対象外）",
    },
}

# The same for machines: the CEF list of exemption reasons (VATEX).
EXEMPTION_CODES = {
    "AE": "VATEX-EU-AE",
    "K": "VATEX-EU-IC",
    "G": "VATEX-EU-G",
    "O": "VATEX-EU-O",
}

# A kind of its own for people; for e-invoices it is an exemption with a reason.
SMALL_BUSINESS = "small"
TAX_KINDS = {**TAX_CATEGORIES, SMALL_BUSINESS: "Small business, no tax charged"}
_SMALL_BUSINESS_NOTES = {
    "AT": "Umsatzsteuerfrei aufgrund der Kleinunternehmerregelung, "
    "§ 6 Abs. 1 Z 27 UStG",
    "BE": "Bijzondere vrijstellingsregeling kleine ondernemingen / Régime particulier "
    "de franchise des petites entreprises",
    "DE": "Kein Ausweis von Umsatzsteuer, da Kleinunternehmer gemäß § 19 UStG",
    "FR": "TVA non applicable, art. 293 B du CGI",
    "IT": "Operazione senza applicazione dell’IVA, art. 1, commi 54-89, L. 190/2014",
    "NL": "Vrijgesteld van btw, artikel 25 Wet OB 1968 (kleineondernemersregeling)",
    "PT": "IVA – regime de isenção, artigo 53.º do CIVA",
}


# Where a tax number is a VAT number: the European Union and its neighbours.
VAT_COUNTRIES = frozenset([
    "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR",
    "GB", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MT",
    "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
])  # fmt: skip


def tax_note(category: str, language: str) -> str:
    """Return what the law wants said about a tax of 0; empty where it is enough."""
    notes = _NOTES.get(category, {})
    return notes.get(language.split("-")[0].lower(), notes.get("en", ""))


def small_business_note(country: str) -> str:
    """Return what a small business has to say; empty where the law is not known."""
    return _SMALL_BUSINESS_NOTES.get(country, "")


def check_tax(category: str, percent: Decimal, exemption_reason: str) -> None:
    """Refuse a tax that an invoice could not show correctly.

    EN 16931: BR-S-05 wants a rate above zero, BR-Z-05, BR-E-05, BR-AE-05, BR-IC-05,
    BR-G-05 and BR-O-05 want none; BR-E-10 wants the reason.
    """
    if category not in TAX_CATEGORIES:
        raise InvalidInput("Choose what kind of tax it is.", field="category")
    if category == "S" and percent == 0:
        raise InvalidInput(
            "A rate of zero is another kind of tax: choose which.", field="category"
        )
    if category != "S" and percent != 0:
        raise InvalidInput(
            f"“{TAX_CATEGORIES[category]}” has a rate of 0.", field="percent"
        )
    if category == "E" and not exemption_reason:
        raise InvalidInput(
            "Write why it is exempt; the invoice has to say so.",
            field="exemption_reason",
        )


def check_together(taxes: Sequence[TaxTerms]) -> None:
    """Refuse taxes that one line can't have all at once."""
    own = taxes[-1]
    if len(taxes) == 1:
        if own.is_compound:
            raise InvalidInput(
                "Choose the tax that it is charged on top of.", field="with_tax_id"
            )
        return
    if len(taxes) > TAXES_TOGETHER_MAX:
        raise InvalidInput(
            f"A line has at most {TAXES_TOGETHER_MAX} taxes.", field="with_tax_id"
        )
    unlike = next((tax for tax in taxes if tax.category != "S"), None)
    if unlike is not None:
        raise InvalidInput(
            f"“{unlike.name}” is charged alone: only rates above zero go together.",
            field="with_tax_id",
        )
    if sum(tax.is_compound for tax in taxes) > 1:
        raise InvalidInput(
            "At most one tax of a line can be on top of the others.",
            field="is_compound",
        )
    if len({(tax.name, tax.percent) for tax in taxes}) < len(taxes):
        raise InvalidInput(
            f"“{own.name}” would be charged twice on a line.", field="with_tax_id"
        )
