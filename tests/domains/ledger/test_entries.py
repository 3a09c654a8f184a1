"""What business facts post: always balanced, nothing lost, in currencies of 0, 2 and 3 decimals."""

from collections.abc import Callable

import hypothesis.strategies as st
import pytest
from hypothesis import given

from backend.domains.ledger import entries
from backend.domains.ledger.accounts import GATEWAY, HOUSE, PLATFORM, TAX, expert, is_account, owner, provider
from backend.domains.ledger.entries import Postings, portions, transferable
from backend.domains.ledger.postings import Posting, UnbalancedError, entry_of, undone
from backend.kernel import ids
from backend.kernel.money import MAX_MINOR, Money, total

GUIDE, ALPINIST = (provider(f"prv_{letter * 26}") for letter in "ga")
ADVISER = expert("usr_" + "e" * 26)
PARTIES = [GUIDE, ALPINIST, ADVISER, PLATFORM, TAX, HOUSE]

CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD"])


@st.composite
def shares(draw: st.DrawFn, smallest: int = 0) -> dict[str, Money]:
    """Shares of the parties, above zero together; with `smallest` below zero, some pay for others."""
    currency = draw(CURRENCIES)
    minors = draw(st.lists(st.integers(smallest, MAX_MINOR // 10), min_size=2, max_size=6))
    minors[0] += 1 - min(0, sum(minors))
    return {party: Money(minor, currency) for party, minor in zip(PARTIES, minors, strict=False)}


def whole(parts: dict[str, Money]) -> Money:
    return total(parts.values(), next(iter(parts.values())).currency)


def on(account: str, postings: Postings) -> int:
    return sum(posting.amount.minor for posting in postings if posting.account == account)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


class TestAccounts:
    def test_are_named_after_their_owner(self) -> None:
        provider_id, user_id = ids.new_id(ids.PROVIDER), ids.new_id(ids.USER)

        assert (owner(provider(provider_id)), owner(expert(user_id))) == (provider_id, user_id)
        assert owner(GATEWAY) is None
        assert is_account(provider(provider_id))

    @pytest.mark.parametrize("name", ["", "cash", "provider:", "provider:prv_1", "expert:prv_" + "0" * 26])
    def test_are_a_closed_set(self, name: str) -> None:
        with pytest.raises(ValueError, match="no account"):
            Posting(name, eur(1))

    def test_belong_to_nobody_of_another_kind(self) -> None:
        with pytest.raises(ValueError, match="must look like prv_"):
            provider(ids.new_id(ids.USER))


class TestAnEntry:
    def test_adds_up_postings_of_one_account_and_leaves_out_those_of_nothing(self) -> None:
        postings = [Posting(GATEWAY, eur(5)), Posting(TAX, eur(0)), Posting(PLATFORM, eur(-2))]

        assert entry_of([*postings, Posting(PLATFORM, eur(-3))]) == [
            Posting(GATEWAY, eur(5)),
            Posting(PLATFORM, eur(-5)),
        ]

    def test_balances_in_every_currency(self) -> None:
        postings = [Posting(GATEWAY, eur(5)), Posting(PLATFORM, Money(-5, "USD"))]

        with pytest.raises(UnbalancedError, match=r"0\.05 EUR, -0\.05 USD"):
            entry_of(postings)

    def test_moves_something(self) -> None:
        with pytest.raises(UnbalancedError, match="moves something"):
            entry_of([Posting(GATEWAY, eur(0))])


class TestACharge:
    @given(shares(smallest=-1000))
    def test_credits_every_share_and_no_more(self, parts: dict[str, Money]) -> None:
        posted = entries.charge(amount=whole(parts), shares=parts)

        entry_of(posted)
        assert on(GATEWAY, posted) == whole(parts).minor
        assert {party: -on(party, posted) for party in parts} == {p: m.minor for p, m in parts.items()}

    def test_of_which_a_cent_has_no_owner_is_refused(self) -> None:
        with pytest.raises(UnbalancedError, match=r"shares of 1\.00 EUR are 0\.99 EUR"):
            entries.charge(amount=eur(100), shares={GUIDE: eur(90), PLATFORM: eur(9)})


class TestARefund:
    @given(shares(smallest=-1000), st.data())
    def test_takes_a_portion_of_every_share(self, parts: dict[str, Money], data: st.DataObject) -> None:
        amount = Money(data.draw(st.integers(1, whole(parts).minor)), whole(parts).currency)

        posted = entries.refund(amount=amount, shares=parts)

        entry_of(posted)
        assert -on(GATEWAY, posted) == amount.minor
        for party, share in parts.items():
            assert min(0, share.minor) <= on(party, posted) <= max(0, share.minor)
            exact = share.minor * amount.minor / whole(parts).minor
            # A unit of the share itself, and one for each who paid for others.
            assert abs(on(party, posted) - exact) <= len(parts) + exact * 1e-9

    @given(shares(smallest=-1000), st.lists(st.integers(0, 100), max_size=4))
    def test_in_parts_ends_where_one_of_all_would(self, parts: dict[str, Money], percents: list[int]) -> None:
        left = dict(parts)
        for percent in [*percents, 100]:
            minor = whole(left).minor * percent // 100
            if minor:
                taken = portions(amount=Money(minor, whole(left).currency), shares=left)
                left = {party: left[party] - taken[party] for party in left}

        assert {party for party, share in left.items() if share} == set()

    def test_of_a_sale_that_the_platform_paid_for_gives_it_that_part_back(self) -> None:
        parts = {GUIDE: eur(9000), PLATFORM: eur(-1000)}

        posted = entries.refund(amount=eur(4000), shares=parts)

        assert (on(GUIDE, posted), on(PLATFORM, posted)) == (4500, -500)

    @pytest.mark.parametrize("amount", [0, -1, 101])
    def test_is_above_nothing_and_never_more_than_there_is(self, amount: int) -> None:
        with pytest.raises(ValueError, match=r"above zero|cannot be taken"):
            entries.refund(amount=eur(amount), shares={GUIDE: eur(90), PLATFORM: eur(10)})

    def test_that_fails_is_undone(self) -> None:
        posted = entries.refund(amount=eur(50), shares={GUIDE: eur(90), PLATFORM: eur(10)})

        assert entry_of([*undone(posted), *posted, *posted]) == entry_of(posted)


class TestADispute:
    @given(shares())
    def test_that_is_lost_costs_what_a_refund_would(self, parts: dict[str, Money]) -> None:
        amount = whole(parts)

        settled = [
            *entries.dispute_opened(amount=amount),
            *entries.dispute_lost(amount=amount, shares=parts),
        ]

        assert entry_of(settled) == entry_of(entries.refund(amount=amount, shares=parts))

    def test_that_is_won_leaves_nothing_behind(self) -> None:
        opened, won = entries.dispute_opened(amount=eur(70)), entries.dispute_won(amount=eur(70))

        assert undone(opened) == (won[1], won[0])


@pytest.mark.parametrize(
    ("build", "debited", "credited"),
    [
        (lambda m: entries.fee(amount=m), "gateway_fees", "gateway"),
        (lambda m: entries.transfer(account=GUIDE, amount=m), GUIDE, "gateway"),
        (lambda m: entries.transfer_reversal(account=GUIDE, amount=m), "gateway", GUIDE),
        (lambda m: entries.dispute_opened(amount=m), "disputed", "gateway"),
        (lambda m: entries.dispute_won(amount=m), "gateway", "disputed"),
        (lambda m: entries.payout(amount=m), "bank", "gateway"),
        (lambda m: entries.write_off(account=ADVISER, amount=m), "losses", ADVISER),
    ],
)
class TestAFactOfTwoAccounts:
    def test_debits_one_and_credits_the_other(
        self, build: Callable[[Money], Postings], debited: str, credited: str
    ) -> None:
        posted = build(Money(123, "KWD"))

        assert posted == (Posting(debited, Money(123, "KWD")), Posting(credited, Money(-123, "KWD")))


class TestTransferable:
    @pytest.mark.parametrize(
        ("share", "balance_before", "transfer"),
        [(100, 0, 100), (100, -50, 100), (100, 30, 70), (100, 100, 0), (100, 250, 0), (0, 30, 0)],
    )
    def test_is_what_is_left_after_debts(self, share: int, balance_before: int, transfer: int) -> None:
        found = transferable(share=eur(share), balance_before=eur(balance_before))

        assert found == (eur(transfer), eur(share - transfer))

    @given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=12))
    def test_never_passes_on_more_than_is_owed(self, facts: list[tuple[int, int]]) -> None:
        balance = passed_on = earned = lost = 0
        for share, loss in facts:
            before = balance
            balance -= share
            sent, kept = transferable(share=eur(share), balance_before=eur(before))
            balance += sent.minor + loss
            passed_on, earned, lost = passed_on + sent.minor, earned + share, lost + loss

            assert sent.minor + kept.minor == share
            # Nothing of theirs stays with us while they owe us nothing.
            assert balance >= 0
            assert balance == passed_on + lost - earned
