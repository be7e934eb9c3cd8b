"""Law 7, features: one fact at a time equals the bulk form, and the order of arrival does not matter to the state."""

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from features.fact import Fact
from features.feature import Feature
from features.feature_set import FeatureSet
from features.hits_by_probe import HitsByProbe
from features.lift import View
from features.primitives_value import trait
from features.standard import STANDARD_FEATURES

DAY = 86_400_000_000
EPOCH = 1_750_000_000_000_000

TIERS = ("mass", "private")
FEATURES = FeatureSet(
    (
        *STANDARD_FEATURES,
        Feature("income", "profile", trait("income"), "yearly income"),
        Feature("segment", "profile", trait("segment", one_of=TIERS), "tier", "category", TIERS),
    )
)

NAMES = [
    ("page", ""),
    ("screen", ""),
    ("track", "Product Viewed"),
    ("track", "Product Added"),
    ("track", "Product Removed"),
    ("track", "Product Reviewed"),
    ("track", "Order Completed"),
    ("track", "Ticket Opened"),
    ("track", "Ticket Solved"),
    ("track", "Survey Answered"),
    ("track", "Unheard Of"),
    ("outcome", "impression"),
    ("outcome", "click"),
    ("outcome", "reject"),
    ("identify", ""),
]


@st.composite
def facts(draw):
    kind, name = draw(st.sampled_from(NAMES))
    occurred = EPOCH + draw(st.integers(0, 40)) * draw(st.sampled_from([DAY // 4, DAY // 200]))
    properties = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "revenue": st.sampled_from([0.1, 12.5, 1e6, -3.0, "20.25", "free", None]),
                "nps": st.integers(0, 10),
                "income": st.sampled_from([1000, 2500.5, "much"]),
                "segment": st.sampled_from(["mass", "private", "unheard of"]),
                "product_id": st.sampled_from(["p-1", "p-2", 3, ""]),
                "quantity": st.integers(0, 3),
                "price": st.sampled_from([0.5, 20]),
                "rating": st.integers(1, 5),
                "text": st.sampled_from(["thank you very much", "this is a shame", "", 7]),
                "birthday": st.sampled_from(["1980-02-29", "soon"]),
                "country": st.sampled_from(["AT", "Germany", "nowhere"]),
                "email": st.sampled_from(["a@example.org", ""]),
            },
        )
    )
    zone = draw(st.sampled_from(["", "Asia/Tokyo", "nowhere"]))
    return Fact(kind, name, properties, occurred, occurred + draw(st.integers(0, DAY)), zone)


def one_by_one(view: View, history: list[Fact]) -> np.ndarray:
    """The state after every fact, each merged alone into the state before."""
    state, after = np.full((1, len(view.columns)), np.nan), []
    for fact in history:
        _, alone = view.lift(FEATURES.reader.read([fact]), np.array([fact.occurred_us], dtype=float))
        state = view.layout.merge(state, alone) if len(alone) else state
        after.append(state)
    return np.concatenate(after)


def in_bulk(view: View, history: list[Fact]) -> tuple[np.ndarray, np.ndarray]:
    occurred = np.array([fact.occurred_us for fact in history], dtype=float)
    touched, alone = view.lift(FEATURES.reader.read(history), occurred)
    return touched, view.layout.running(alone, np.zeros(len(touched), dtype=np.intp))


@settings(max_examples=60, deadline=None)
@given(st.lists(facts(), min_size=1, max_size=30))
def test_one_fact_at_a_time_equals_the_bulk_form(history):
    for view in FEATURES.views:
        touched, running = in_bulk(view, history)
        np.testing.assert_allclose(running, one_by_one(view, history)[touched], rtol=1e-9, atol=1e-9)


@settings(max_examples=100, deadline=None)
@given(st.lists(facts(), min_size=1, max_size=30), st.integers(0, 29))
def test_plain_steps_equal_the_bulk_form_from_whatever_state_they_begin(history, cut):
    states = [[float("nan")] * len(view.columns) for view in FEATURES.views]
    for view, state in zip(FEATURES.views, states, strict=True):
        if cut and len(in_bulk(view, history[:cut])[0]):
            state[:] = in_bulk(view, history[:cut])[1][-1].tolist()
    for fact in history[cut:]:
        FEATURES.steps.take(fact, states.__getitem__)
    for view, state in zip(FEATURES.views, states, strict=True):
        np.testing.assert_allclose(state, one_by_one(view, history)[-1], rtol=1e-9, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.lists(facts(), min_size=2, max_size=30), st.randoms(use_true_random=False))
def test_the_order_of_arrival_is_irrelevant_to_the_current_state(history, chance: random.Random):
    shuffled = chance.sample(history, len(history))
    for view in FEATURES.views:
        np.testing.assert_allclose(one_by_one(view, history)[-1], one_by_one(view, shuffled)[-1], rtol=1e-9, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.lists(facts(), min_size=1, max_size=20), st.lists(facts(), min_size=1, max_size=20))
def test_the_state_of_a_merged_customer_is_the_merge_of_both(one, other):
    for view in FEATURES.views:
        merged = view.layout.merge(one_by_one(view, one)[-1:], one_by_one(view, other)[-1:])
        np.testing.assert_allclose(merged, one_by_one(view, one + other)[-1:], rtol=1e-9, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), facts()), min_size=1, max_size=30), st.integers(0, 29))
def test_folding_batch_by_batch_equals_folding_everything(owned, cut):
    for view in FEATURES.views:
        state = np.full((4, len(view.columns)), np.nan)
        whole = state.copy()
        for batch in (owned[:cut], owned[cut:]):
            fold_into(view, state, batch)
        fold_into(view, whole, owned)
        np.testing.assert_allclose(state, whole, rtol=1e-9, atol=1e-9)


def fold_into(view: View, state: np.ndarray, owned: list[tuple[int, Fact]]) -> None:
    by_owner = sorted(owned, key=lambda each: each[0])
    history = [fact for _, fact in by_owner]
    group = np.array([owner for owner, _ in by_owner], dtype=np.intp)
    occurred = np.array([fact.occurred_us for fact in history], dtype=float)
    last, after = view.fold(HitsByProbe(FEATURES.reader.read(history), occurred, group), state)
    state[group[last]] = after


@settings(max_examples=40, deadline=None)
@given(st.lists(facts(), min_size=1, max_size=30), st.integers(0, 60))
def test_decayed_counts_equal_their_definition(history, days):
    now = EPOCH + 11 * DAY + days * DAY
    view = FEATURES.view("behaviour")
    named = dict(zip(view.columns, one_by_one(view, history)[-1].tolist(), strict=True))
    values = FEATURES.values(FEATURES.state(named), now_us=now)
    ages = [(now - fact.occurred_us) / DAY for fact in history if fact.type in ("page", "screen")]
    np.testing.assert_allclose(values["page_views_7d"], sum(2 ** (-age / 7) for age in ages), rtol=1e-9, atol=1e-12)
