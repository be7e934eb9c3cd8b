"""All facts of a customer at once make the state that one after the other makes, whatever the kinds of features."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.fact import Fact
from features.feature import Feature
from features.feature_set import FeatureSet
from features.hits_by_probe import HitsByProbe
from features.primitives import HALF_HOUR_US
from features.primitives_visit import Visit
from features.selector import Probe, Selector
from features.standard import STANDARD_FEATURES

NAMES = ("Product Viewed", "Product Added", "Order Completed", "Ticket Opened", "Ticket Solved", "Survey Answered", "")
ALL = FeatureSet(STANDARD_FEATURES)
ONE_VISIT = FeatureSet([Feature("pages", "visit", Visit(Probe(Selector(("page",)))), "pages of the visit", "number")])
told = st.dictionaries(
    st.sampled_from(["revenue", "nps", "product", "product_id", "category", "birthday", "country", "text"]),
    st.sampled_from([1, 9.5, "7", "tea", "1984-02-29", None, "x" * 5]),
)
facts = st.builds(
    lambda kind, name, properties, at: Fact(kind, name, properties, at, at),
    st.sampled_from(["track", "page", "screen", "identify", "outcome"]),
    st.sampled_from([*NAMES, "impression", "click"]),
    told,
    st.integers(0, 12).map(lambda nth: int(1.7e15 + nth * HALF_HOUR_US / 3)),
)
histories = st.lists(st.tuples(st.integers(0, 3), facts), min_size=1, max_size=40)


@pytest.mark.parametrize("features", [ALL, ONE_VISIT], ids=["standard", "one_visit"])
@settings(max_examples=60, deadline=None)
@given(history=histories, has_past=st.booleans())
def test_folding_ends_where_a_running_merge_ends(features, history, has_past):
    history.sort(key=lambda pair: pair[0])
    group = np.unique([owner for owner, _ in history], return_inverse=True)[1]
    hits = features.reader.read([fact for _, fact in history])
    occurred = np.array([fact.occurred_us for _, fact in history], dtype=float)
    by_probe = HitsByProbe(hits, occurred, group)
    for view in features.views:
        nothing = np.full((group[-1] + 1, len(view.columns)), np.nan)
        before = nothing
        if has_past:
            touched, states = view.fold(by_probe, None)
            before = nothing.copy()
            before[group[touched]] = states
        places, running = view.trace(hits, occurred, group=group, before=before)
        last, folded = view.fold(by_probe, before if has_past else None)
        at_end = np.flatnonzero(np.append(group[places][1:] != group[places][:-1], True)) if len(places) else places
        np.testing.assert_array_equal(last, places[at_end])
        np.testing.assert_allclose(folded, running[at_end], rtol=1e-9)
