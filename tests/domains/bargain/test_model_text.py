from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.bargain.model_text import LONGEST, UnfitTextError, filled

VALUES: Final = {"price": "€100.00", "list_price": "€120.00", "name": "Suite 12"}


def shown(text: str) -> str:
    return filled(text, values=VALUES, required={"price"})


class TestFilled:
    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("We can do {price} for {name}.", "We can do €100.00 for Suite 12."),
            ("  {price}\n it is!\t", "€100.00 it is!"),
            ("Wir können Ihnen „{name}“ für {price} geben, gern!", None),
            ("Nous pouvons vous proposer {price} au lieu de {list_price} ; c'est l'été…", None),
            ("You have one offer left; two nights, {price}. \N{SMILING FACE WITH SMILING EYES}", None),
        ],
    )
    def test_puts_values_into_their_places(self, text: str, message: str | None) -> None:
        expected = message or text.format(**VALUES)

        assert shown(text) == expected.replace("\n", " ")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "   ",
            "x" * (LONGEST + 1),
            "We have a deal.",
            "{price} or {floor}",
            "{price} or {offer}",
            "{price} {Price}",
            "{price} {0}",
            "{price} {price.__class__}",
            "{price}, or 95",
            "{price}, or 95,00 €",
            "{price}0",
            "{price}, or \N{ARABIC-INDIC DIGIT NINE}\N{ARABIC-INDIC DIGIT FIVE}",
            "{price}, or \N{FULLWIDTH DIGIT NINE}\N{FULLWIDTH DIGIT FIVE}",
            "{price}, or \N{CIRCLED DIGIT NINE}",
            "{price}, or \N{ROMAN NUMERAL NINE}",
            "{price}, or \N{VULGAR FRACTION ONE HALF}",
            "{price}, or \N{KEYCAP TEN}",
            "{price} - \N{SQUARED FREE}",
            "{price}, or ninety-five",
            "{price}, or Ninety Five",
            "{price}, or fünfundneunzig",
            "{price}, or dreißig",
            "{price}, or quatre-vingt-quinze",
            "{price}, or n\N{COMBINING ACUTE ACCENT}inety",
            "{price}, or five euros",
            "{price}, in EUR",
            "{price} less ten percent",
            "{price} - %",
            "{price}, and breakfast is free",
            "{price}, petit déjeuner offert",
            "{price}, la moitié",
            "{price}, Frühstück kostenlos",
            "{price}, zum halben Preis",
            "{price}, see evil.example",
            "{price}, see https://evil",
            "{price} <b>now</b>",
            "{price} [now](x)",
            "{price} \N{RIGHT-TO-LEFT OVERRIDE}",
            "{price} \N{ZERO WIDTH JOINER}",
            "{price}, \N{CYRILLIC SMALL LETTER A}",
            "{price}, \N{CJK UNIFIED IDEOGRAPH-4E5D}",
            "{price} \x00",
        ],
    )
    def test_refuses_what_could_be_read_as_something_else(self, text: str) -> None:
        with pytest.raises(UnfitTextError):
            shown(text)

    def test_wants_no_price_where_there_is_none(self) -> None:
        text = "That is too little for {name}."

        assert filled(text, values={"name": "Suite 12"}, required=()) == "That is too little for Suite 12."

    @given(st.text(max_size=50))
    def test_shows_no_amount_but_those_given(self, text: str) -> None:
        try:
            message = shown(text + "{price}")
        except UnfitTextError:
            return

        rest = message.replace("€100.00", "").replace("€120.00", "").replace("Suite 12", "")
        assert not any(character.isnumeric() or character in "€$£%" for character in rest)
