"""The receipt of a captured charge, as pdf."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
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
    paid_on = local_time(website, charge.captured_at)
    lines = charge.lines or [{"label": charge.get_purpose_display(), "amount_minor": charge.amount_minor}]
    below = [("Total", charge.amount_minor)]
    if charge.repaid_minor:
        below.append(("Given back", -charge.repaid_minor))
    return paper(
        website,
        "Receipt",
        receipt_number(website, charge),
        [("Date", paid_on), ("Client", str(charge.payer.number)), ("Paid by", METHODS[Method(charge.method)])],
        [(line["label"], line["amount_minor"]) for line in lines],
        below,
        charge.currency,
    )


def local_time(website: Website, at: datetime) -> str:
    return at.astimezone(ZoneInfo(website.timezone)).strftime("%Y-%m-%d %H:%M %Z")


def paper(
    website: Website,
    title: str,
    number: str,
    facts: Sequence[tuple[str, str]],
    lines: Sequence[tuple[str, int]],
    below: Sequence[tuple[str, int]],
    currency: str,
) -> bytes:
    """One page: what it is and its number, facts, and a table of amounts (minor units), under a rule those `below`,
    of which the first is in bold. The same bytes for the same facts."""
    styles = getSampleStyleSheet()
    rows = [
        *([_text(label, styles["Normal"]), _money(minor, currency)] for label, minor in lines),
        *([label, _money(minor, currency)] for label, minor in below),
    ]
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
    document = SimpleDocTemplate(page, pagesize=A4, title=f"{title} {number}", author=website.name, invariant=1)
    document.build(
        [
            _text(website.name, styles["Title"]),
            Table([[label, value] for label, value in [(title, number), *facts]], colWidths=[35 * mm, 130 * mm],
                  hAlign="LEFT"),
            Spacer(1, 8 * mm),
            table,
        ]
    )  # fmt: skip
    return page.getvalue()


def _text(text: str, style: object) -> Paragraph:
    return Paragraph(escape(text), style)


def _money(minor: int, currency: str) -> str:
    return f"{to_decimal(minor)} {currency}"
