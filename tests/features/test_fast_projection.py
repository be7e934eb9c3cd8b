"""The fast layer as a projection: a function of the ledger's records, whenever and in whatever order they are read."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_builders import NOW, a_catalog, a_decision, a_ranked, an_outcome, at

from builders import FixedScorer
from decisioning.customer import CustomerReference
from decisioning.decision import Learned, Versions
from decisioning.fast_layer.belief import Belief
from decisioning.fast_layer.exposure import Regressors
from features.decision_book import DecisionBook
from features.fast_layer import keeper as keeper_module
from features.fast_layer.keeper import FAST_LAYER, FastKeeper
from features.fast_layer.origin import Origin
from features.fast_layer.projection import _TELLING, FastProjection, latest_of, usual
from features.fast_layer.section import Learning
from features.fast_layer.shown import Reading
from features.instant import to_us
from features.ledger import Ledger
from features.outcomes import OutcomeBook
from features.rebuild import rebuild

DAY = 86_400
LATER = NOW + timedelta(days=30)
BUNDLE = FixedScorer({"card": (0.2, 0.0), "loan": (0.3, 0.0)}, version="b1")
BELIEF = Belief(half_life_days=20.0, answer_days=1.0)
AGE = Regressors(("age",), (4.0,), (0.5,))


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.db") as opened:
        yield opened


def decide(ledger, name, *, seconds=0.0, **changes):
    fields = {"reference": CustomerReference("user_id", f"u-{name}"), "decided_at": at(seconds), **changes}
    DecisionBook(ledger, a_catalog()).record(a_decision(name, **fields)).result()


def answer(ledger, name, kind="accept", *, seconds=60.0, received=None, number=1):
    outcome = an_outcome(f"{name}-{kind}-{number}", decision_id=f"d-{name}", type=kind, occurred_at=at(seconds))
    received_at = at(seconds if received is None else received)
    return OutcomeBook(ledger).accept([outcome], received_at=received_at)


def projected(ledger, *, since_us=0, scorer=BUNDLE):
    projection = FastProjection(ledger, Reading(scorer, a_catalog(), AGE, since_us), BELIEF)
    projection.catch_up()
    return projection


def believed(projection, now=LATER):
    posterior = projection.scorer(to_us(now)).posterior
    return {action: posterior.means[place].tolist() for action, place in posterior.places.items()}


def test_an_answer_is_learned_at_the_next_look(ledger):
    projection = projected(ledger)
    decide(ledger, "1")
    answer(ledger, "1")
    assert projection.catch_up() == ledger.last_seq()
    assert believed(projection)["card"][0] > 0


def test_a_decision_alone_says_nothing_but_one_that_implies_its_impression_waits_for_an_answer(ledger):
    decide(ledger, "1")
    assert believed(projected(ledger)) == {}
    decide(ledger, "2", placement="strip")
    assert believed(projected(ledger))["card"][0] < 0


def test_who_was_shown_it_and_never_answered_has_declined_in_the_end(ledger):
    decide(ledger, "1")
    answer(ledger, "1", "impression")
    at_once, in_the_end = (believed(projected(ledger), now)["card"][0] for now in (at(61), LATER))
    assert abs(at_once) < 1e-3
    assert in_the_end < -0.03


def test_an_answer_to_what_the_decision_did_not_score_is_passed_over_and_the_others_count(ledger):
    decide(ledger, "1", versions=Versions("c", "b1", "p"), scores={})
    answer(ledger, "1")
    assert believed(projected(ledger)) == {}
    decide(ledger, "2")
    answer(ledger, "2")
    assert believed(projected(ledger))["card"][0] > 0


steps = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", "3"]),
        st.sampled_from(["impression", "click", "accept", "reject", "dismiss", "conversion"]),
        st.integers(1, 20 * DAY),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=25, deadline=None)
@given(steps)
def test_learning_record_by_record_comes_to_the_same_as_reading_all_at_once(tmp_path_factory, some):
    with Ledger(tmp_path_factory.mktemp("order") / "ledger.db") as ledger:
        watching = projected(ledger)
        for name in ("1", "2", "3"):
            decide(ledger, name, features={"age": 20.0 + 10 * int(name)})
        for number, (name, kind, seconds) in enumerate(some):
            answer(ledger, name, kind, seconds=seconds, number=number)
            watching.catch_up()
        assert_close(believed(watching), believed(projected(ledger)))


def assert_close(one, other):
    assert set(one) == set(other)
    for action, mean in one.items():
        assert mean == pytest.approx(other[action], abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(steps, st.randoms(use_true_random=False))
def test_the_order_in_which_answers_arrive_does_not_matter(tmp_path_factory, some, chance):
    orders = [list(enumerate(some)), list(enumerate(some))]
    chance.shuffle(orders[1])
    found = []
    for order in orders:
        with Ledger(tmp_path_factory.mktemp("order") / "ledger.db") as ledger:
            for name in ("1", "2", "3"):
                decide(ledger, name, features={"age": 20.0 + 10 * int(name)})
            for number, (name, kind, seconds) in order:
                answer(ledger, name, kind, seconds=seconds % DAY, number=number, received=DAY)
            found.append(believed(projected(ledger)))
    assert_close(*found)


def test_a_rebuild_changes_nothing_of_it(ledger):
    for number in range(4):
        decide(ledger, str(number), placement="strip" if number % 2 else "home")
        answer(ledger, str(number), "accept" if number < 2 else "reject")
    watching, before = projected(ledger), believed(projected(ledger))
    rebuild(ledger)
    watching.catch_up()
    assert believed(projected(ledger)) == before
    assert_close(believed(watching), before)


def test_what_arrives_after_the_actions_window_waits_for_the_next_training(ledger):
    decide(ledger, "1")
    answer(ledger, "1", seconds=13 * DAY)
    decide(ledger, "2")
    answer(ledger, "2", seconds=13 * DAY, received=15 * DAY)
    projection = projected(ledger)
    assert len(projection._open) == 1


def test_an_exposure_is_kept_by_name_for_a_day_after_its_window_and_counts_on(ledger):
    decide(ledger, "1")
    answer(ledger, "1")
    projection = projected(ledger)
    before = believed(projection, at(20 * DAY))
    decide(ledger, "2", seconds=17 * DAY)
    answer(ledger, "2", "impression", seconds=17 * DAY + 1)
    projection.catch_up()
    assert list(projection._open) == [("d-2", "card")]
    assert before["card"][0] > believed(projection, at(20 * DAY))["card"][0] > 0


def test_a_new_bundle_begins_with_what_its_training_has_not_seen(ledger):
    for number, day in enumerate((0, 10)):
        decide(ledger, str(number), seconds=day * DAY)
        answer(ledger, str(number), "accept" if number == 0 else "reject", seconds=day * DAY + 60)
    assert believed(projected(ledger, since_us=to_us(at(5 * DAY))))["card"][0] < 0


def test_what_another_bundle_decided_is_scored_anew(ledger):
    logged = Learned(3, {"card": (0.05, 0.01)})
    decide(ledger, "1", versions=Versions("v1", "b1", "p1"), learned=logged)
    answer(ledger, "1")
    other = FixedScorer(BUNDLE.says, version="b2")
    mine, its = (next(iter(projected(ledger, scorer=each)._open.values())) for each in (BUNDLE, other))
    assert (mine.exposure.propensity, its.exposure.propensity) == (0.05, 0.2)


def test_features_are_standardised_by_the_last_decisions_before_it_begins(ledger):
    for number in range(40):
        decide(ledger, str(number), features={"age": 20.0 + number, "segment": "mass"})
    regressors = usual(ledger, ("age", "segment", "unheard_of"), until_us=to_us(NOW))
    assert regressors.names == ("age",)
    rows = [regressors.row({"age": 20.0 + number})[1] for number in range(40)]
    assert np.mean(rows) == pytest.approx(0, abs=1e-9)
    assert usual(ledger, ("age",), until_us=to_us(NOW) - 1) == Regressors()


WEEK = timedelta(days=7)


def a_keeper(ledger, **learning):
    origins = {"b1": Origin(NOW)}
    section = Learning(fast=True, **learning)
    return FastKeeper(ledger, section, origin=origins.get, window=WEEK)


def test_until_it_is_made_for_what_serves_the_bundle_decides_alone_and_says_so(ledger):
    keeper, catalog = a_keeper(ledger), a_catalog()
    assert keeper.corrected(BUNDLE, catalog, now=NOW) == (BUNDLE, (FAST_LAYER,))
    keeper.prime(BUNDLE, catalog)
    scorer, degraded = keeper.corrected(BUNDLE, catalog, now=NOW)
    assert (scorer.scorer, degraded) == (BUNDLE, ())
    promoted = FixedScorer(BUNDLE.says, version="b2")
    assert keeper.corrected(promoted, catalog, now=NOW) == (promoted, (FAST_LAYER,))
    assert not keeper.primed(promoted, catalog)


def test_decisions_too_young_for_the_training_are_not_lost(ledger):
    for number, days in enumerate((-8, -6)):
        decide(ledger, str(number), seconds=days * DAY)
        answer(ledger, str(number), "reject" if number == 0 else "accept", seconds=days * DAY + 60)
    keeper = a_keeper(ledger)
    keeper.prime(BUNDLE, a_catalog())
    scorer, _ = keeper.corrected(BUNDLE, a_catalog(), now=NOW)
    assert scorer.posterior.means[scorer.posterior.places["card"]][0] > 0


def believed_of(keeper, *, now=NOW):
    keeper.prime(BUNDLE, a_catalog())
    posterior = keeper.corrected(BUNDLE, a_catalog(), now=now)[0].posterior
    return posterior.means[posterior.places["card"]][0] if "card" in posterior.places else 0.0


def test_what_was_kept_to_judge_a_bundle_by_is_learned_on_top_of_it(ledger):
    decide(ledger, "1", seconds=-20 * DAY)
    answer(ledger, "1", seconds=-20 * DAY + 60)
    believes = {}
    for days in (None, -19, -21):
        origin = Origin(NOW, {}, None if days is None else NOW + timedelta(days=days))
        believes[days] = believed_of(FastKeeper(ledger, Learning(fast=True), origin={"b1": origin}.get, window=WEEK))
    assert believes[None] == believes[-19] == 0.0 < believes[-21]


def test_a_layer_that_is_made_looks_at_the_last_decisions_only(ledger, monkeypatch):
    for number in range(5):
        decide(ledger, str(number), seconds=number * 100.0)
    moments = [to_us(at(number * 100.0)) for number in range(5)]
    for most in range(7):
        assert latest_of(ledger, most, since_us=moments[0]) == max(moments[0], moments[max(4 - most, 0)])
    monkeypatch.setattr(keeper_module, "MOST_AGAIN", 2)
    answer(ledger, "1", seconds=460)
    assert believed_of(a_keeper(ledger), now=at(470)) == 0.0
    answer(ledger, "3", seconds=460)
    assert believed_of(a_keeper(ledger), now=at(470)) > 0.0


def test_a_bundle_trained_on_much_of_an_action_is_moved_less_by_an_answer(ledger):
    moved = []
    for information in ({}, {"card": 500.0}):
        keeper = FastKeeper(ledger, Learning(fast=True), origin={"b1": Origin(NOW, information)}.get, window=WEEK)
        decide(ledger, str(len(moved)))
        answer(ledger, str(len(moved)))
        keeper.prime(BUNDLE, a_catalog())
        scorer, _ = keeper.corrected(BUNDLE, a_catalog(), now=LATER)
        moved.append(scorer.posterior.means[scorer.posterior.places["card"]][0])
    assert moved[0] > 10 * moved[1] > 0


def decide_stuck(ledger, name, *, seconds):
    """A decision of one customer that shares its draws with the others of this kind."""
    reference, stuck = CustomerReference("user_id", "u-1"), "s_" + "0" * 24
    decision = a_decision(name, reference=reference, decided_at=at(seconds), stuck=stuck)
    DecisionBook(ledger, a_catalog()).record_many([decision])


def test_what_repeats_a_draw_is_one_exposure_whichever_is_answered(ledger):
    for name, seconds in (("1", 0), ("2", 100), ("3", 200)):
        decide_stuck(ledger, name, seconds=seconds)
        answer(ledger, name, "impression", seconds=seconds + 10)
    watching = projected(ledger)
    answer(ledger, "3", seconds=300)
    watching.catch_up()
    with Ledger(ledger.path.with_name("once.db")) as once:
        decide(once, "1", reference=CustomerReference("user_id", "u-1"))
        answer(once, "1", "impression", seconds=10)
        answer(once, "1", seconds=300)
        assert_close(believed(watching), believed(projected(once)))
    assert_close(believed(watching), believed(projected(ledger)))


def test_a_draw_that_the_bundle_was_trained_on_is_not_learned_again_from_what_repeats_it(ledger):
    for name, seconds in (("1", 0), ("2", DAY)):
        decide_stuck(ledger, name, seconds=seconds)
        answer(ledger, name, "reject", seconds=seconds + 10)
    assert believed(projected(ledger, since_us=to_us(at(DAY / 2)))) == {}


def test_ranked_actions_are_learned_each_on_its_own(ledger):
    scores = dict.fromkeys(("card", "loan"), (0.1, None, 1.0))
    decide(ledger, "1", ranked=(a_ranked(), a_ranked(rank=2, action="loan")), scores=scores)
    answer(ledger, "1")
    outcome = an_outcome("o-loan", decision_id="d-1", action="loan", type="reject", occurred_at=at(70))
    OutcomeBook(ledger).accept([outcome], received_at=at(70))
    found = believed(projected(ledger))
    assert found["card"][0] > 0 > found["loan"][0]


def test_what_is_new_is_found_by_its_place_in_the_ledger_without_a_sort(ledger):
    with ledger.read() as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {_TELLING}", (1, 2, 3))]
    assert plan[0].startswith("SEARCH r USING INDEX record_no_event (seq>?")
    assert not [step for step in plan if "TEMP B-TREE" in step]
