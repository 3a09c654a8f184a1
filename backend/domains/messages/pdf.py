"""Documents as PDF: the fonts, and the few parts that all of ours are made of.

The same content always makes the same bytes.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

FONTS: Final = Path(__file__).parent / "fonts"
SANS: Final = "DejaVuSans"
BOLD: Final = "DejaVuSans-Bold"
# Fonts for the signs of East Asia that PDF viewers bring themselves; they are named, not embedded.
CHINESE, JAPANESE, KOREAN = "STSong-Light", "HeiseiKakuGo-W5", "HYGothic-Medium"
MARGIN: Final = 20 * mm
WIDTH: Final = A4[0] - 2 * MARGIN
GREY: Final = HexColor("#5c6663")
RULE: Final = HexColor("#c9cdc8")
# What we have no sign for is shown as such; leaving it out would change a name.
UNKNOWN: Final = "\N{REPLACEMENT CHARACTER}"

_EAST_ASIAN: Final = re.compile(
    "[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]"
)
_KANA: Final = re.compile("[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9d]")
_HANGUL: Final = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]")

NORMAL: Final = ParagraphStyle("normal", fontName=SANS, fontSize=9.5, leading=13)
STRONG: Final = ParagraphStyle("strong", NORMAL, fontName=BOLD)
SMALL: Final = ParagraphStyle("small", NORMAL, fontSize=8, leading=11, textColor=GREY)
TITLE: Final = ParagraphStyle("title", NORMAL, fontName=BOLD, fontSize=18, leading=24, spaceAfter=4 * mm)

PLAIN: Final[list[Any]] = [
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (0, -1), 0),
    ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
    ("TOPPADDING", (0, 0), (-1, -1), 2),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
]


def document(parts: Sequence[Flowable], *, title: str, author: str, language: str) -> bytes:
    """A PDF of A4 pages."""
    _signs()
    file = BytesIO()
    SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=title,
        author=author,
        lang=language,
        invariant=1,
    ).build(list(parts))
    return file.getvalue()


def paragraph(text: str, style: ParagraphStyle = NORMAL) -> Paragraph:
    """Plain text in whatever scripts it has."""
    return Paragraph(_in_fonts(text), style)


def gap(height: float = 5) -> Spacer:
    """So many millimetres of nothing."""
    return Spacer(1, height * mm)


def facts(pairs: Iterable[tuple[str, str]], *, width: float = WIDTH) -> Table:
    """Names and what they are, without those that are empty; `width` in points."""
    rows = [[paragraph(name, SMALL), paragraph(value)] for name, value in pairs if value]
    return Table(rows, colWidths=[35 * mm, width - 35 * mm], style=PLAIN, hAlign="LEFT")


def columns(head: Sequence[str], rows: Iterable[Sequence[str]], *, total: Sequence[str] = ()) -> Table:
    """A table whose first column is text and whose others are amounts; `total` is its last row."""
    narrow = (WIDTH - 70 * mm) / max(1, len(head) - 1)
    body = [_row(head, SMALL), *(_row(row, NORMAL) for row in rows)]
    lines: list[Any] = [("LINEBELOW", (0, 0), (-1, 0), 0.5, RULE)]
    if total:
        body.append(_row(total, STRONG))
        lines.append(("LINEABOVE", (0, -1), (-1, -1), 0.5, RULE))
    widths = [WIDTH - narrow * (len(head) - 1), *[narrow] * (len(head) - 1)]
    return Table(body, colWidths=widths, style=[*PLAIN, *lines], repeatRows=1, hAlign="LEFT")


def qr_code(text: str, *, size: float) -> Drawing:
    """A QR code, `size` points wide, of which a seventh may be lost (level M)."""
    drawing = Drawing(size, size)
    drawing.add(QrCodeWidget(text, barLevel="M", barWidth=size, barHeight=size))
    return drawing


def _row(cells: Sequence[str], style: ParagraphStyle) -> list[Paragraph]:
    right = ParagraphStyle(f"{style.name}-amount", style, alignment=TA_RIGHT)
    return [paragraph(cell, right if number else style) for number, cell in enumerate(cells)]


def _in_fonts(text: str) -> str:
    """Markup in which each sign has a font that has it."""
    signs = _signs()
    asian = _asian_font(text)
    marked = []
    for sign in text:
        if ord(sign) in signs:
            marked.append(escape(sign))
        elif _EAST_ASIAN.match(sign):
            marked.append(f'<font name="{asian}">{escape(sign)}</font>')
        else:
            marked.append(UNKNOWN)
    return "".join(marked).replace(f'</font><font name="{asian}">', "")


def _asian_font(text: str) -> str:
    """The same ideograph looks different in Japan and Korea: the letters beside it tell where we are."""
    if _KANA.search(text):
        return JAPANESE
    return KOREAN if _HANGUL.search(text) else CHINESE


@cache
def _signs() -> frozenset[int]:
    """The code points that our own font has; registers all fonts."""
    regular = TTFont(SANS, FONTS / "DejaVuSans.ttf")
    for font in (regular, TTFont(BOLD, FONTS / "DejaVuSans-Bold.ttf")):
        pdfmetrics.registerFont(font)
    for name in (CHINESE, JAPANESE, KOREAN):
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    return frozenset(regular.face.charToGlyph)
