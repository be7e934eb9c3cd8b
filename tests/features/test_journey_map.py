"""The map of a journey: counted by hand on small stays, against slow accounts on random ones, and published numbers."""

import random
from statistics import median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisioning.condition import compile_condition
from decisioning.journey import Journey, Stage, Targets
from features.journey.declared import Complaint, DeclaredJourneys
from features.journey.journey_map import JourneyMap
from features.journey.pain import check_targets, pain_points
from features.journey.path import paths
from features.journey.statistic import Survival, mean, share
from features.journey.stays import OPEN, Period, Stays
from features.primitives import DAY_US

DAY = int(DAY_US)
PERIOD = Period(100 * DAY, 200 * DAY)
A, B, C, BACK, OUTSIDE, INACTIVE = range(6)


def a_journey(**targets):
    stages = [
        Stage(name, compile_condition("x > 0"), progress=0.5, setback=name == "back", targets=Targets(**wanted))
        for name, wanted in {n: targets.get(n, {}) for n in ("a", "b", "c", "back")}.items()
    ]
    return Journey("way", tuple(stages))


DECLARED = DeclaredJourneys(channels={"web": "touches_web"}, complaints=(Complaint("ticket", "complaints_ticket"),))


def a_walk(customer, *steps, ends=200.0):
    """Rows of one customer: (place, day entered), each until the next; the last goes on."""
    edges = [day for _, day in steps[1:]] + [ends]
    ontos = [place for place, _ in steps[1:]] + [OPEN]
    return [(customer, place, day, left, onto) for (place, day), left, onto in zip(steps, edges, ontos, strict=True)]


def the_stays(*walks, touches=None, complaints=None, answers=None, value=10.0):
    rows = [row for walk in walks for row in walk]
    customer, place, entered, left, onto = (np.array(column) for column in zip(*rows, strict=True))
    n = len(rows)
    return Stays(
        customer.astype(np.intp),
        place.astype(np.intp),
        (entered * DAY).astype(np.int64),
        (left * DAY).astype(np.int64),
        onto.astype(np.intp),
        np.full(n, 50.0),
        np.full(n, value),
        np.zeros((n, 1)) if touches is None else np.array(touches, dtype=float)[:, None],
        np.zeros((n, 1)) if complaints is None else np.array(complaints, dtype=float)[:, None],
        np.zeros((n, 3)) if answers is None else np.array(answers, dtype=float),
    )


def drawn(stays, **targets):
    return JourneyMap(a_journey(**targets), stays, DECLARED, PERIOD)


def stage(stays, name, **targets):
    return next(each for each in drawn(stays, **targets).stages if each.stage.name == name)


def test_who_was_in_a_stage_before_the_period_is_in_it_but_did_not_enter_it():
    here = stage(the_stays(a_walk(0, (A, 50.0), (B, 120.0)), a_walk(1, (A, 20.0), (B, 60.0))), "a")
    assert (here.customers, here.entries, here.now) == (1, 0, 0)
    assert (stage(the_stays(a_walk(1, (A, 20.0), (B, 60.0))), "b").customers) == 1


def test_conversion_counts_customers_whose_window_is_over_by_their_first_entry():
    stays = the_stays(
        a_walk(0, (A, 110.0), (B, 115.0)),
        a_walk(1, (A, 110.0), (B, 135.0)),
        a_walk(2, (A, 110.0), (OUTSIDE, 112.0), (A, 114.0), (C, 125.0)),
        a_walk(3, (A, 185.0), (B, 190.0)),
        a_walk(4, (A, 110.0), (BACK, 112.0)),
    )
    found = stage(stays, "a", a={"within_days": 20.0}).conversion
    assert (found.n, found.value) == (4, 0.5), "one came too late, one only fell back, one cannot be judged yet"


def test_from_a_setback_conversion_is_coming_back_to_any_stage():
    stays = the_stays(a_walk(0, (BACK, 110.0), (A, 115.0)), a_walk(1, (BACK, 110.0), (INACTIVE, 115.0)))
    assert stage(stays, "back", back={"within_days": 20.0}).conversion.value == 0.5
    assert stage(stays, "c").conversion.n == 0


def test_transitions_are_those_that_ended_in_the_period():
    stays = the_stays(a_walk(0, (A, 50.0), (B, 110.0), (A, 130.0)), a_walk(1, (A, 60.0), (B, 90.0)))
    assert [(w.origin, w.onto, w.n, w.days) for w in drawn(stays).transitions] == [("a", "b", 1, 60), ("b", "a", 1, 20)]


def test_a_path_lists_stages_where_first_entered_up_to_the_end_of_the_journey():
    stays = the_stays(
        a_walk(0, (A, 110.0), (B, 115.0), (A, 116.0), (BACK, 117.0), (B, 118.0), (C, 120.0), (A, 130.0)),
        a_walk(1, (A, 110.0), (B, 115.0), (OUTSIDE, 116.0), (BACK, 117.0)),
        a_walk(2, (A, 90.0), (C, 150.0)),
        a_walk(3, (A, 150.0)),
    )
    found = {path.stages: (path.reached.n, path.reached.value) for path in paths(a_journey(), stays, PERIOD)}
    assert found == {("a", "b", "back"): (2, 0.5), ("a",): (1, 0.0)}


def test_pain_is_the_gap_to_the_target_in_customers_and_in_money():
    walks = [a_walk(n, (A, 110.0), (B if n < 10 else OUTSIDE, 130.0 if n < 20 else 190.0)) for n in range(40)]
    stays = the_stays(*walks, complaints=[1.0, 0.0] * 40, answers=[[1, 0, 0], [0, 0, 0]] * 40)
    wanted = {"conversion": 0.5, "within_days": 30.0, "median_days": 30.0, "complaints": 0.25, "nps": 50.0}
    checked = {each.kind: each for each in check_targets(drawn(stays, a=wanted))}
    assert checked["leave"].gap.customers == pytest.approx((0.5 - 0.25) * 40)
    assert checked["leave"].behind == {"outside": 30.0}
    assert checked["wait"].gap.customers == pytest.approx((0.5 - 0.5) * 40)
    assert checked["complain"].gap.customers == pytest.approx((1.0 - 0.25) * 40)
    assert checked["complain"].value == pytest.approx(300.0)
    assert checked["nps"].gap.customers == pytest.approx((50 + 100) / 200 * 40)
    assert [each.kind for each in pain_points(list(checked.values()))] == ["complain", "nps", "leave"]
    assert [checked[kind].verdict for kind in ("leave", "wait", "complain", "nps")] == [
        "missed",
        "unsure",
        "missed",
        "missed",
    ]


def test_few_cases_say_too_little_however_bad_they_look():
    stays = the_stays(*(a_walk(n, (A, 110.0), (OUTSIDE, 120.0)) for n in range(29)))
    (checked,) = check_targets(drawn(stays, a={"conversion": 0.5, "within_days": 30.0}))
    assert checked.verdict == "too few"


def a_random_world(seed, n_customers=25):
    chance = random.Random(seed)  # noqa: S311
    walks = []
    for customer in range(n_customers):
        day, steps, last = chance.uniform(0, 180), [], None
        while day < 200:
            last = chance.choice([place for place in range(6) if place != last])
            steps.append((last, day))
            day += chance.expovariate(0.05)
        walks.append(a_walk(customer, *steps))
    return [row for walk in walks for row in walk], the_stays(*walks)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_stages_and_ways_equal_a_plain_count(seed):
    rows, stays = a_random_world(seed)
    window = {name: {"within_days": 40.0} for name in ("a", "b", "c", "back")}
    found = drawn(stays, **window)
    within = [row for row in rows if row[3] > 100.0]
    for place, here in enumerate(found.stages):
        mine = [row for row in within if row[1] == place]
        assert here.customers == len({row[0] for row in mine})
        assert here.entries == sum(row[2] >= 100.0 for row in mine)
        assert here.now == sum(row[4] == OPEN for row in mine)
        assert (here.conversion.n, here.conversion.value) == _converted(rows, place)
    for way in found.transitions:
        places = (found.places.index(way.origin), found.places.index(way.onto))
        mine = [row[3] - row[2] for row in within if (row[1], row[4]) == places]
        assert (way.n, way.days) == (len(mine), pytest.approx(median(mine)))
    assert sum(way.n for way in found.transitions) == sum(row[4] != OPEN for row in within)


def _converted(rows, place):
    onward = {A: {B, C}, B: {C}, C: set(), BACK: {A, B, C}}[place]
    if not onward:
        return 0, None
    first = {}
    for customer, where, entered, _, _ in rows:
        if where == place and entered >= 100.0:
            first.setdefault(customer, entered)
    judged = {customer: entered for customer, entered in first.items() if entered + 40.0 <= 200.0}
    came = {
        c for c, where, entered, _, _ in rows if c in judged and where in onward and 0 < entered - judged[c] <= 40.0
    }
    return (len(judged), len(came) / len(judged)) if judged else (0, None)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_paths_equal_a_plain_count(seed):
    rows, stays = a_random_world(seed)
    counted = {}
    for customer in range(25):
        steps = [where for c, where, entered, _, _ in rows if c == customer and where <= BACK and entered >= 100.0]
        steps = list(dict.fromkeys(steps))
        walked, came = (steps[: steps.index(C)], True) if C in steps else (steps, False)
        if walked:
            n, n_came = counted.get(tuple(walked), (0, 0))
            counted[tuple(walked)] = (n + 1, n_came + came)
    found = paths(a_journey(), stays, PERIOD, most=1000)
    names = dict(enumerate(a_journey().names))
    assert {path.stages: (path.reached.n, round(path.reached.n * path.reached.value)) for path in found} == {
        tuple(names[step] for step in steps): each for steps, each in counted.items()
    }
    assert [path.reached.n for path in found] == sorted((path.reached.n for path in found), reverse=True)


REMISSION = ([6, 6, 6, 7, 10, 13, 16, 22, 23], [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35])
"""Weeks in remission under 6-mercaptopurine, ended and going on (Freireich et al., Blood 1963)."""


def test_survival_equals_the_published_table_of_freireich_1963():
    ended, going = REMISSION
    line = Survival(np.array([*ended, *going], dtype=float), np.array([True] * len(ended) + [False] * len(going)))
    published = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}
    for week, still in published.items():
        assert line.beyond(week).value == pytest.approx(still, abs=5e-4)
    assert line.quantile(0.5).value == 23
    assert line.quantile(0.5).high is None, "fewer than half of the upper line ever left"


def test_where_all_have_left_the_median_is_the_plain_one():
    days = np.array([1.0, 2.0, 3.0, 8.0, 9.0])
    assert Survival(days, np.ones(5, dtype=bool)).quantile(0.5).value == 3.0
    assert Survival(np.empty(0), np.empty(0, dtype=bool)).quantile(0.5).value is None


@given(n=st.integers(1, 400), part=st.floats(0, 1))
def test_the_interval_of_a_share_holds_it_and_narrows_with_more_of_the_same(n, part):
    some, more = share(round(part * n), n), share(10 * round(part * n), 10 * n)
    assert 0 <= some.low <= some.value <= some.high <= 1
    assert more.high - more.low < some.high - some.low


def test_the_interval_of_a_share_is_wilsons_of_the_textbook():
    found = share(81, 263)
    assert (found.low, found.high) == (pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))


def test_a_mean_of_one_case_has_no_interval_and_of_none_no_value():
    assert mean(np.array([3.0])) == (1, 3.0, None, None)
    assert mean(np.array([np.nan])).value is None
