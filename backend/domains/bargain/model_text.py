"""What a language model wrote, made fit to be shown to a customer, or refused.

A message that reads like a promise may bind us. So a model never writes an amount: it writes where one
stands (`{price}`), and we write it there. Whatever else could be read as an amount makes the text unfit.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Final

from backend.kernel.money import EXPONENTS

LONGEST: Final = 400
_PLACE: Final = re.compile(r"\{([a-z_]+)\}")
_PUNCTUATION: Final = frozenset(".,;:!?'\"()\N{DOUBLE LOW-9 QUOTATION MARK}")
# Spaces, dashes, quotation marks.
_BETWEEN: Final = frozenset({"Zs", "Pd", "Pi", "Pf"})
_LETTERS: Final = frozenset({"Lu", "Ll"})
_FACES: Final = ("\N{GRINNING FACE}", "\N{PERSON WITH FOLDED HANDS}")
# A point between letters: an address of the web.
_ADDRESS: Final = re.compile(r"\w\.\w")
_WORDS: Final = re.compile(r"[^\W\d_]+")
# Words for amounts, parts and gifts in the languages that we write, without their accents. One is an article.
_AMOUNTS: Final = re.compile(
    r"""
    zero | ten | eleven | twelve | \w+teen | twent\w* | thirt\w* | fort(y|ies) | fift\w* | sixt\w*
    | sevent\w* | eight[iy]\w* | ninet\w* | hundred\w* | thousand\w* | dozens? | half | halve[sd]? | quarters?
    | percent\w* | free | freebies? | gifts? | nothing | cents? | euros? | dollars? | bucks? | pounds? | quid
    | pence | penn(y|ies) | francs? | yens?
    | dix | onze | douze | treize | quatorze | quinze | seize | vingts? | trente | quarante | cinquante
    | soixante | mille | dizaines? | douzaines? | vingtaines? | centaines? | milliers? | moitie | demi\w*
    | quarts? | tiers | pourcent\w* | gratuit\w* | offerts? | offertes? | cadeaux? | rien | centimes? | balles
    | null | zehn | elf | zwolf | \w+zehn | \w*zig | \w*dreissig | \w*hundert\w* | \w*tausend\w* | dutzend\w*
    | halb\w* | halft\w* | viertel\w* | drittel\w* | prozent\w* | gratis | kostenlos\w* | kostenfrei\w*
    | umsonst | geschenk\w* | schenk\w* | nichts | dollars? | franken | rappen | pfund
    """,
    re.VERBOSE,
)


class UnfitTextError(ValueError):
    """A text that is not shown; says why without repeating it."""


def filled(text: str, *, values: Mapping[str, str], required: Collection[str]) -> str:
    """`text` on one line, with each `{name}` replaced by its value.

    UnfitTextError if it is empty or too long, lacks a place that is `required`, has one without a value, or
    anything besides that could be read as an amount, an address of the web, or a language other than ours.
    """
    line = " ".join(text.split())
    if not 0 < len(line) <= LONGEST:
        raise UnfitTextError("length")
    places = set(_PLACE.findall(line))
    if not places <= values.keys():
        raise UnfitTextError("unknown place")
    if not places >= set(required):
        raise UnfitTextError("the price is not named")
    _check(_PLACE.sub(" ", line))
    return _PLACE.sub(lambda place: values[place.group(1)], line)


def _check(own: str) -> None:
    """What a model wrote by itself: `own` is its text without the places."""
    if any(character.isnumeric() for character in own):
        raise UnfitTextError("a number")
    plain = "".join(c for c in unicodedata.normalize("NFKD", own) if not unicodedata.combining(c))
    if not all(_is_shown(character) for character in unicodedata.normalize("NFKC", own)):
        raise UnfitTextError("a character that has no business there")
    if _ADDRESS.search(own):
        raise UnfitTextError("an address of the web")
    for word in _WORDS.findall(plain.replace("ß", "ss")):
        if word in EXPONENTS or _AMOUNTS.fullmatch(word.casefold()):
            raise UnfitTextError("an amount in words")


def _is_shown(character: str) -> bool:
    category = unicodedata.category(character)
    if category in _LETTERS:
        return unicodedata.name(character, "").startswith("LATIN")
    is_face = _FACES[0] <= character <= _FACES[1]
    return is_face or category in _BETWEEN or character in _PUNCTUATION
