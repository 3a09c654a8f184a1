"""Which of two effects a customer never minds, whatever the price."""

import pytest

from backend.engine.comparisons import at_least_as_good
from backend.engine.effect_registry import EFFECTS


class TestAtLeastAsGood:
    @pytest.mark.parametrize(
        ("one", "other", "forth", "back"),
        [
            ("discount 10%", "surcharge 5%", True, False),
            ("discount 10%", "discount 5%", True, False),
            ("discount 5.00 EUR", "discount 5.00 EUR", True, True),
            ("discount 5.00 EUR", "discount 5.00 USD", False, False),
            ("discount 5.00 EUR", "discount 5%", False, False),
            ("surcharge 5%", "surcharge 10%", True, False),
            ("minimum_margin 5%", "minimum_margin 10%", True, False),
            ("refund 100%", "refund 50%", True, False),
            ("at_most 5.00 EUR", "discount 5%", False, False),
        ],
    )
    def test_holds_for_every_price_or_not_at_all(self, one, other, forth, back):
        first, second = (
            EFFECTS[text.split(" ", 1)[0]].parse(text.split(" ", 1)[1], {}) for text in (one, other)
        )

        answers = at_least_as_good(first, second), at_least_as_good(second, first)

        assert answers == (forth, back)
