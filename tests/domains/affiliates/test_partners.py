"""The addresses that tell partners of us."""

from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domains.admin.demo_partners import TIPS
from backend.domains.affiliates.partners import Partner, Partners

IDS = {"booking": "304142", "viator": "P00071845", "opentable": "a&b=c d"}
PARTNERS = Partners.read(IDS)
HOTEL = "https://www.booking.com/hotel/fr/lumen.html"
BOOKING = PARTNERS.by_name["Booking.com"]


class TestPartners:
    def test_are_the_six_of_the_file(self) -> None:
        names = {"Booking.com", "Viator", "GetYourGuide", "OpenTable", "Resy", "Skyscanner"}

        assert set(PARTNERS.by_name) == names
        assert all(partner.hosts and partner.parameters for partner in PARTNERS.by_name.values())

    @pytest.mark.parametrize("tip", TIPS, ids=lambda tip: tip.partner)
    def test_have_the_pages_of_the_demonstration(self, tip: object) -> None:
        partner = PARTNERS.by_name[tip.partner]  # type: ignore[attr-defined]

        assert partner.is_at(tip.url)  # type: ignore[attr-defined]

    @pytest.mark.parametrize(
        "url",
        [
            "https://booking.com.evil.example/",
            "https://notbooking.com/",
            "https://evil.example/?https://booking.com",
            "https://evil.example/#.booking.com",
        ],
    )
    def test_are_not_where_it_only_looks_like_them(self, url: str) -> None:
        assert not BOOKING.is_at(url)


class TestTracked:
    def test_says_who_sent_the_visitor_and_by_which_link(self) -> None:
        found = PARTNERS.tracked(HOTEL, partner="Booking.com", link_id="lnk_1")

        assert found == f"{HOTEL}?aid=304142&label=lnk_1"

    def test_replaces_ids_of_others_and_keeps_the_rest_as_it_was(self) -> None:
        url = f"{HOTEL}?aid=999&checkin=2026-12-24&%61id=1&q=a%20b+c&flag#rooms"

        found = PARTNERS.tracked(url, partner="Booking.com", link_id="lnk_1")

        assert found == f"{HOTEL}?checkin=2026-12-24&q=a%20b+c&flag&aid=304142&label=lnk_1#rooms"

    def test_leaves_the_id_out_that_we_do_not_have(self) -> None:
        url = "https://www.getyourguide.com/paris-l16/"

        assert PARTNERS.tracked(url, partner="GetYourGuide", link_id="lnk_1") == f"{url}?cmp=lnk_1"

    def test_escapes_what_an_id_is_made_of(self) -> None:
        found = PARTNERS.tracked("https://www.opentable.com/r/x", partner="OpenTable", link_id="lnk_1")

        assert dict(parse_qsl(urlsplit(found).query))["ref"] == "a&b=c d"

    def test_changes_nothing_for_a_partner_that_left(self) -> None:
        assert PARTNERS.tracked(HOTEL, partner="Gone Inc.", link_id="lnk_1") == HOTEL

    @given(path=st.text("abc/-.%", max_size=20), query=st.text("abcid=&%61label+", max_size=30))
    def test_never_leaves_the_page(self, path: str, query: str) -> None:
        url = f"https://www.booking.com/{path}?{query}"
        partner: Partner = replace(BOOKING, affiliate_id="1")

        found = urlsplit(partner.tracked(url, link_id="lnk_1"))

        assert (found.scheme, found.netloc, found.path) == ("https", "www.booking.com", f"/{path}")
        assert parse_qsl(found.query)[-2:] == [("aid", "1"), ("label", "lnk_1")]
