"""The partners whose pages we link to, and the address that tells them who sent a visitor."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote_plus, urlencode, urlsplit, urlunsplit

from backend.domains.catalog.entities import EXTERNAL, Product
from backend.kernel.errors import InvalidError

FILE: Final = Path(__file__).with_name("partners.toml")
_AFFILIATE_ID: Final = "{affiliate_id}"
_LINK: Final = "{link}"


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner as products name it; `parameters` are templates of what is added to an address of theirs.

    Without an `affiliate_id` we are nobody to them, and links lead there all the same.
    """

    name: str
    hosts: tuple[str, ...]
    parameters: Mapping[str, str]
    affiliate_id: str | None = None

    def is_at(self, url: str) -> bool:
        """Whether an address is one of theirs."""
        host = urlsplit(url).hostname or ""
        return any(host == own or host.endswith(f".{own}") for own in self.hosts)

    def tracked(self, url: str, *, link_id: str) -> str:
        """The address with our parameters, in place of those of the same name; all else of it stays."""
        parts = urlsplit(url)
        theirs = [pair for pair in parts.query.split("&") if pair]
        kept = [pair for pair in theirs if unquote_plus(pair.partition("=")[0]) not in self.parameters]
        query = "&".join([*kept, urlencode(self._filled(link_id))])
        return urlunsplit(parts._replace(query=query))

    def _filled(self, link_id: str) -> dict[str, str]:
        affiliate_id = self.affiliate_id
        return {
            name: template.replace(_AFFILIATE_ID, affiliate_id or "").replace(_LINK, link_id)
            for name, template in self.parameters.items()
            if affiliate_id is not None or _AFFILIATE_ID not in template
        }


@dataclass(frozen=True)
class Partners:
    """All partners, by name."""

    by_name: Mapping[str, Partner]

    @classmethod
    def read(cls, affiliate_ids: Mapping[str, str], *, file: Path = FILE) -> "Partners":
        """Those of the file; `affiliate_ids` are ours at them, by the names of its tables."""
        found = tomllib.loads(file.read_text(encoding="utf-8"))
        partners = (_partner(table, affiliate_ids.get(key)) for key, table in found.items())
        return cls({partner.name: partner for partner in partners})

    def check(self, product: Product) -> None:
        """InvalidError for an external product of nobody we know, or with an address that is not theirs."""
        if product.kind != EXTERNAL:
            return
        partner = self.by_name.get(product.partner or "")
        if partner is None:
            known = ", ".join(sorted(self.by_name))
            raise _invalid("partner", f"There is no such partner; those that there are: {known}.")
        if not partner.is_at(product.external_url or ""):
            raise _invalid(
                "external_url", f"{partner.name} has its pages at {', '.join(partner.hosts)}, not there."
            )

    def tracked(self, url: str, *, partner: str, link_id: str) -> str:
        """The address with what tells the partner of us; as it is for one that left the file."""
        known = self.by_name.get(partner)
        return url if known is None else known.tracked(url, link_id=link_id)


def _partner(table: Mapping[str, Any], affiliate_id: str | None) -> Partner:
    return Partner(table["name"], tuple(table["hosts"]), dict(table["parameters"]), affiliate_id)


def _invalid(field: str, message: str) -> InvalidError:
    return InvalidError(message, errors={field: [message]})
