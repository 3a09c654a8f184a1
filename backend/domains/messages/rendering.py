"""Mails made of templates. One template makes both the text and the HTML: only its parts look different."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from backend.infra.wording import Wording, translations

TEXT: Final = "txt"
HTML: Final = "html"
_BLANK_LINES: Final = re.compile(r"\n\s*\n\s*\n")


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says."""

    subject: str
    text: str
    html: str


def render(kind: str, wording: Wording, context: Mapping[str, Any]) -> Letter:
    """The letter of a kind, by the template of that name. UndefinedError when `context` lacks a value."""
    values = {**context, "wording": wording}
    text, html = (_environment(wording.language, form) for form in (TEXT, HTML))
    template = text.get_template(f"{kind}.jinja")
    subject = "".join(template.blocks["subject"](template.new_context(values)))
    plain = _BLANK_LINES.sub("\n\n", template.render(values)).strip() + "\n"
    return Letter(" ".join(subject.splitlines()), plain, html.get_template(f"{kind}.jinja").render(values))


@cache
def _environment(language: str, form: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("backend.domains.messages"),
        autoescape=form == HTML,  # noqa: S701 (plain text has nothing to escape)
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    texts = translations(language)
    environment.install_gettext_translations(texts, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["layout"] = f"layout.{form}.jinja"
    environment.globals["ui"] = environment.get_template(f"ui.{form}.jinja").module
    return environment
