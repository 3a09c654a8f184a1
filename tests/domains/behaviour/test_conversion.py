from datetime import UTC, datetime, timedelta
from decimal import Decimal

from backend.domains.behaviour.conversion import Case, ConversionModel, cases_of, cell_of, learn
from backend.domains.behaviour.steps import Step
from backend.infra.events import Touch
from tests.domains.behaviour.population import DAY, auc, brier, calibration_error, lives

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
NOW = START + 100 * DAY
NEWCOMER = (int(Step.LOOKED), 0, 0)


def cases(seed: int, *, customers: int) -> list[Case]:
    """What a population did in sixteen weeks, after the ninety days that a moment looks back on."""
    since, until = START + 90 * DAY, START + 202 * DAY
    return [
        case
        for life in lives(seed, customers=customers, start=START, days=202)
        for case in cases_of(life.user_id, life.touches, since=since, until=until)
    ]


def forecasts(model: ConversionModel, judged: list[Case]) -> list[tuple[float, bool]]:
    return [(float(model.percent(case.cell)) / 100, case.bought) for case in judged]


class TestConversionModel:
    def test_is_calibrated_for_customers_it_has_not_seen(self) -> None:
        model = learn(cases(1, customers=1500))

        told = forecasts(model, cases(2, customers=1000))

        base = sum(bought for _, bought in told) / len(told)
        assert calibration_error(told) <= 0.03
        assert brier(told) <= 0.9 * base * (1 - base)
        assert auc(told) >= 0.72

    def test_with_little_to_learn_from_is_no_worse_than_the_base_rate(self) -> None:
        model = learn(cases(3, customers=40))

        told = forecasts(model, cases(4, customers=600))

        base = sum(bought for _, bought in told) / len(told)
        assert brier(told) <= base * (1 - base)

    def test_before_it_learned_anything_rises_with_every_step(self) -> None:
        model = ConversionModel()

        told = [model.percent((depth, 0, 0)) for depth in range(Step.BOUGHT)]

        assert told == sorted(set(told))
        assert told[0] == Decimal("1.0")

    def test_moves_from_the_wider_cell_to_its_own_as_customers_come(self) -> None:
        few = learn([Case(NEWCOMER, bought=True)] * 5)
        many = learn([Case(NEWCOMER, bought=True)] * 5000)

        assert ConversionModel().percent(NEWCOMER) < few.percent(NEWCOMER) < 60
        assert many.percent(NEWCOMER) > 99

    def test_lets_a_cell_without_customers_borrow_from_its_neighbours(self) -> None:
        model = learn([Case((1, 2, 2), bought=True)] * 1000)

        assert model.percent((1, 0, 0)) > 90

    def test_is_the_same_after_it_was_stored(self) -> None:
        model = learn(cases(5, customers=50))

        read = ConversionModel.of_document(model.document())

        assert read.document() == model.document()
        assert read.percent(NEWCOMER) == model.percent(NEWCOMER)
        assert read.size == model.size


class TestCell:
    def test_of_somebody_unknown_is_the_first(self) -> None:
        assert cell_of([], now=NOW) == (0, 0, 0)

    def test_says_how_far_they_went_in_the_last_week(self) -> None:
        done = [
            Touch("product.viewed", NOW),
            Touch("quote.made", NOW - DAY),
            Touch("cart.added", NOW - 8 * DAY),
        ]

        assert cell_of(done, now=NOW)[0] == Step.ASKED_PRICE

    def test_counts_visits_not_clicks(self) -> None:
        clicks = [Touch("product.viewed", NOW - timedelta(minutes=m)) for m in range(50)]
        visits = [Touch("product.viewed", NOW - n * DAY) for n in range(3)]

        assert cell_of(clicks, now=NOW)[1] == 0
        assert cell_of(visits, now=NOW)[1] == 1

    def test_says_when_they_last_bought(self) -> None:
        lately = [Touch("order.placed", NOW - 30 * DAY)]
        once = [Touch("booking.made", NOW - 31 * DAY)]
        forgotten = [Touch("order.placed", NOW - 91 * DAY)]

        assert [cell_of(done, now=NOW)[2] for done in (lately, once, forgotten)] == [2, 1, 0]

    def test_does_not_look_ahead(self) -> None:
        assert cell_of([Touch("order.placed", NOW + DAY)], now=NOW) == (0, 0, 0)


class TestCases:
    def test_are_one_a_week_with_what_came_next(self) -> None:
        done = [
            Touch("order.placed", START + 16 * DAY),
            Touch("product.viewed", START + 15 * DAY),
            Touch("product.viewed", START + DAY),
        ]

        found = list(cases_of("usr_a", done, since=START, until=START + 60 * DAY))

        assert sorted(case.bought for case in found) == [False, True]

    def test_leave_out_moments_of_which_the_outcome_is_not_known_yet(self) -> None:
        done = [Touch("product.viewed", START + 55 * DAY)]

        assert not list(cases_of("usr_a", done, since=START, until=START + 60 * DAY))

    def test_are_not_made_of_the_purchase_itself(self) -> None:
        done = [Touch("order.placed", START + DAY)]

        assert not list(cases_of("usr_a", done, since=START, until=START + 60 * DAY))
