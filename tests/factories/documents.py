"""What stands in PDF documents."""

import pypdfium2


def text_of(file: bytes) -> str:
    """All text, each white space a single plain one."""
    document = pypdfium2.PdfDocument(file)
    return " ".join(" ".join(page.get_textpage().get_text_range() for page in document).split())
