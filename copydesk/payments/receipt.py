"""The receipt of a captured charge, as pdf."""

from __future__ import annotations

from io import BytesIO
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from copydesk.core.money import to_decimal
from copydesk.tenancy.models import Website

from .errors import NoReceipt
from .models import Charge, Method

METHODS = {Method.CARD: "Card", Method.WALLET: "Wallet"}


def receipt_number(website: Website, charge: Charge) -> str:
    return f"{website.slug.upper()}-{charge.pk:06d}"


def receipt_pdf(website: Website, charge: Charge) -> bytes:
    """Website, number, date in the website's zone, lines and amount; the payer by number. `charge` with its payer.

    Raises NoReceipt for a charge that was not captured.
    """
    if not charge.has_receipt or charge.captured_at is None:
        raise NoReceipt
    styles = getSampleStyleSheet()
    number = receipt_number(website, charge)
    paid_on = charge.captured_at.astimezone(ZoneInfo(website.timezone)).strftime("%Y-%m-%d %H:%M %Z")
    facts = [
        ("Receipt", number),
        ("Date", paid_on),
        ("Client", str(charge.payer.number)),
        ("Paid by", METHODS[Method(charge.method)]),
    ]
    lines = charge.lines or [{"label": charge.get_purpose_display(), "amount_minor": charge.amount_minor}]
    rows = [
        *([_text(line["label"], styles["Normal"]), _money(line["amount_minor"], charge.currency)] for line in lines),
        ["Total", _money(charge.amount_minor, charge.currency)],
    ]
    if charge.repaid_minor:
        rows.append(["Given back", _money(-charge.repaid_minor, charge.currency)])
    table = Table(rows, colWidths=[120 * mm, 45 * mm])
    table.setStyle(
        TableStyle(
            [
                ("ALIGN", (1, 0), (1, -1), "RIGHT"),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEABOVE", (0, len(lines)), (-1, len(lines)), 0.7, colors.black),
                ("FONTNAME", (0, len(lines)), (-1, len(lines)), "Helvetica-Bold"),
            ]
        )
    )
    page = BytesIO()
    document = SimpleDocTemplate(page, pagesize=A4, title=f"Receipt {number}", author=website.name, invariant=1)
    document.build(
        [
            _text(website.name, styles["Title"]),
            Table([[label, value] for label, value in facts], colWidths=[35 * mm, 130 * mm], hAlign="LEFT"),
            Spacer(1, 8 * mm),
            table,
        ]
    )
    return page.getvalue()


def _text(text: str, style: object) -> Paragraph:
    return Paragraph(escape(text), style)


def _money(minor: int, currency: str) -> str:
    return f"{to_decimal(minor)} {currency}"
