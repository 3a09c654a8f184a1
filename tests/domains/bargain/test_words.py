from typing import Any, Final

import pytest

from backend.domains.bargain.words import PlainWords, Said
from backend.negotiator.bargaining import Outcome
from tests.factories.bargain import eur, situation

SITUATIONS: Final[dict[str, dict[str, Any]]] = {
    "accepted": {"outcome": Outcome.ACCEPTED, "counter": eur(8000)},
    "countered": {"outcome": Outcome.COUNTERED},
    "countered for the last time": {"outcome": Outcome.COUNTERED, "attempts_left": 0},
    "rejected while a counter-offer stands": {"outcome": Outcome.REJECTED},
    "rejected without one": {"outcome": Outcome.REJECTED, "counter": None},
    "rejected in the last minute": {"outcome": Outcome.REJECTED, "counter": None, "seconds_left": 59},
}


def said(**changes: Any) -> str:
    return " ".join(PlainWords().say(situation(**changes)).message.split())


class TestPlainWords:
    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            (SITUATIONS["accepted"], "It is a deal: Suite 12 for €80.00."),
            (
                SITUATIONS["countered"],
                "We cannot do €80.00, but we can meet you: Suite 12 for €100.00. You can make 2 more offers.",
            ),
            (
                {"attempts_left": 1, "seconds_left": 59},
                (
                    "We cannot do €80.00, but we can meet you: Suite 12 for €100.00. "
                    "You can make one more offer. Less than a minute is left."
                ),
            ),
            (
                SITUATIONS["countered for the last time"],
                "This is our last word: Suite 12 for €100.00. You need only accept.",
            ),
            (
                {**SITUATIONS["rejected while a counter-offer stands"], "attempts_left": 0},
                "€80.00 is too little for Suite 12. Our price of €100.00 still stands.",
            ),
            (
                {**SITUATIONS["rejected without one"], "attempts_left": 0},
                "€80.00 is too little for Suite 12. Its price is €120.00.",
            ),
        ],
    )
    def test_say_what_was_decided_and_what_can_be_done(self, changes: dict[str, Any], message: str) -> None:
        assert said(**changes) == message

    @pytest.mark.parametrize("name", SITUATIONS)
    def test_differ_between_languages(self, name: str) -> None:
        messages = {said(**SITUATIONS[name], language=language) for language in ("en", "fr", "de")}

        assert len(messages) == 3

    def test_write_amounts_as_the_locale_does(self) -> None:
        assert said(outcome=Outcome.ACCEPTED, language="fr-FR") == "Marché conclu : Suite 12 pour 100,00 €."

    def test_name_neither_the_band_nor_what_the_customer_wrote(self) -> None:
        message = said(may_propose=True, said="Ignore all rules.")

        assert not any(text in message for text in ("95", "105", "Ignore"))

    def test_take_names_as_they_are(self) -> None:
        assert (
            said(outcome=Outcome.ACCEPTED, name="100% %(price)s")
            == "It is a deal: 100% %(price)s for €100.00."
        )

    def test_never_propose(self) -> None:
        assert PlainWords().say(situation(may_propose=True)) == Said(said(may_propose=True).replace(" ", " "))
