import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.local_stripe.errors import ApiError
from backend.local_stripe.wire import Params, nested, shown
from tests.factories.payments import AUTH
from tests.local_stripe.calling import Api

NAMES = st.text(alphabet="abcdefgh_", min_size=1, max_size=5)
TREES = st.recursive(
    st.text(max_size=5),
    lambda inner: (
        st.dictionaries(NAMES, inner, min_size=1, max_size=3) | st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=8,
)


def flat(tree: object, name: str = "") -> list[tuple[str, str]]:
    """A tree as the pairs of a form."""
    if isinstance(tree, dict):
        return [p for key, inner in tree.items() for p in flat(inner, f"{name}[{key}]" if name else key)]
    if isinstance(tree, list):
        return [p for i, inner in enumerate(tree) for p in flat(inner, f"{name}[{i}]")]
    return [(name, str(tree))]


class TestNested:
    @given(st.dictionaries(NAMES, TREES, min_size=1, max_size=4))
    def test_reads_what_bracketed_names_say(self, tree: dict[str, object]) -> None:
        read = nested(flat(tree))

        assert read == tree

    def test_takes_empty_brackets_as_one_more(self) -> None:
        read = nested([("expand[]", "a"), ("expand[]", "b"), ("created[gte]", "1")])

        assert read == {"expand": ["a", "b"], "created": {"gte": "1"}}

    def test_refuses_a_value_that_is_also_a_hash(self) -> None:
        with pytest.raises(ApiError, match="value and as a hash"):
            nested([("a", "1"), ("a[b]", "2")])


class TestParams:
    def test_unset_metadata_by_empty_values(self) -> None:
        params = Params({"metadata": {"kept": "2", "gone": ""}})

        assert params.metadata({"gone": "1", "other": "3"}) == {"other": "3", "kept": "2"}

    @pytest.mark.parametrize("text", ["1.5", "ten", "9" * 16])
    def test_refuse_what_is_no_integer(self, text: str) -> None:
        with pytest.raises(ApiError) as refused:
            Params({"amount": text}).whole("amount")

        assert refused.value.code == "parameter_invalid_integer"

    @pytest.mark.parametrize(
        ("form", "param"),
        [
            ({"amount": "1000", "currency": {"a": "b"}}, "currency"),
            ({"amount": "1000", "currency": "xxx"}, "currency"),
            ({"amount": "1000", "currency": "eur", "confirm": "yes"}, "confirm"),
            ({"amount": "1000", "currency": "eur", "capture_method": "later"}, "capture_method"),
            ({"amount": "1000", "currency": "eur", "payment_method_data": "card"}, "payment_method_data"),
            ({"amount": "1000", "currency": "eur", "expand": "latest_charge"}, "expand"),
            ({"amount": "1000", "currency": "eur", "expand": ["nothing"]}, "expand"),
            ({"amount": "1000", "currency": "eur", "metadata": {str(i): "x" for i in range(51)}}, "metadata"),
        ],
    )
    def test_are_refused_by_name(self, api: Api, form: dict[str, object], param: str) -> None:
        error = api.refused("/v1/payment_intents", dict(flat(form)))

        assert (error["status"], error["param"]) == (400, param)

    def test_below_a_name_are_refused_too(self, api: Api) -> None:
        error = api.refused(
            "/v1/payment_methods", {"type": "card", "card[colour]": "red", "card[token]": "tok_visa"}
        )

        assert (error["code"], error["param"]) == ("parameter_unknown", "card[colour]")


class TestShown:
    def test_leaves_out_what_is_the_gateways_own(self) -> None:
        assert shown({"a": 1, "_b": 2, "c": [{"_d": 3, "e": 4}]}) == {"a": 1, "c": [{"e": 4}]}


class TestRequests:
    def test_need_a_key(self, api: Api) -> None:
        without = api.send("GET", "/v1/balance", Authorization="")
        wrong = api.send("GET", "/v1/balance", Authorization="Bearer something")

        assert (without.status_code, wrong.status_code) == (401, 401)

    def test_are_refused_when_they_name_what_is_unknown(self, api: Api) -> None:
        error = api.refused("/v1/payment_intents", {"amount": 1000, "currency": "eur", "colour": "red"})

        assert (error["code"], error["param"]) == ("parameter_unknown", "colour")
        assert api.told() == []

    def test_are_refused_at_addresses_that_are_none(self, api: Api) -> None:
        answer = api.send("GET", "/v1/nothing")

        assert answer.status_code == 404
        assert answer.get_json()["error"]["type"] == "invalid_request_error"

    def test_get_an_id_and_their_version_back(self, api: Api) -> None:
        answer = api.send("GET", "/v1/balance", Stripe_Version="2026-10-28.endive")

        assert answer.headers["Request-Id"].startswith("req_")
        assert answer.headers["Stripe-Version"] == "2026-10-28.endive"

    def test_expand_ids_into_objects(self, api: Api) -> None:
        paid = api.paid()

        found = api.get(
            f"/v1/payment_intents/{paid['id']}", **{"expand[]": "latest_charge.balance_transaction"}
        )

        assert found["latest_charge"]["balance_transaction"]["net"] == 9_825
        assert api.get(f"/v1/payment_intents/{paid['id']}")["latest_charge"] == paid["latest_charge"]

    def test_with_a_publishable_key_need_the_client_secret(self, api: Api) -> None:
        intent = api.intent()
        path = f"/v1/payment_intents/{intent['id']}/confirm"
        public = {"Authorization": "Bearer pk_test_x"}

        without = api.refused(path, {"payment_method": "pm_card_visa"}, **public)
        wrong = api.refused(path, {"payment_method": "pm_card_visa", "client_secret": "x"}, **public)
        secret = {"payment_method": "pm_card_visa", "client_secret": intent["client_secret"]}
        right = api.post(path, secret, **public)
        elsewhere = api.send("GET", "/v1/balance", **public)

        assert (without["code"], wrong["code"]) == (
            "parameter_missing",
            "payment_intent_invalid_parameter",
        )
        assert right["status"] == "succeeded"
        assert elsewhere.status_code == 401
        assert AUTH["Authorization"].startswith("Bearer sk_")


class TestLists:
    def test_have_pages_of_a_hundred_at_most(self, api: Api) -> None:
        answer = api.send("GET", "/v1/charges", {"limit": 101})

        assert answer.get_json()["error"]["param"] == "limit"

    def test_come_in_pages_newest_first(self, api: Api) -> None:
        made = [api.intent()["id"] for _ in range(3)]

        first = api.get("/v1/payment_intents", limit=2)
        second = api.get("/v1/payment_intents", limit=2, starting_after=made[1])
        back = api.get("/v1/payment_intents", limit=2, ending_before=made[0])

        assert [one["id"] for one in first["data"]] == [made[2], made[1]]
        assert (first["has_more"], second["has_more"]) == (True, False)
        assert [one["id"] for one in second["data"]] == [made[0]]
        assert [one["id"] for one in back["data"]] == [made[2], made[1]]
