"""Row 45 of the reliability list: whose decisions a challenger makes, and that it changes nobody else's."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from builders import NOON, FixedScorer, ListLog, OneCustomer, a_catalog, a_customer, a_request
from decisioning.catalog import Exploration, HoldoutArms
from decisioning.decide import Ports, propose
from decisioning.eligibility import compile_catalog
from decisioning.errors import ArtifactError
from decisioning.rollout import Rollout, draw_of

ACTIONS = ("card", "loan", "fund")
CHAMPION = FixedScorer({"card": (0.3, 0.2), "loan": (0.5, 0.3), "fund": (0.2, 0.1)}, version="champion")
CHALLENGER = FixedScorer({"card": (0.5, 0.4), "loan": (0.5, 0.3), "fund": (0.2, 0.1)}, version="challenger")
ARMS = HoldoutArms("salt", {"hold_out": 0.1, "random_eligible": 0.1})


@dataclass
class Broken(FixedScorer):
    """A scorer that fails whenever it is asked."""

    def score(self, features, candidates):
        raise ArtifactError("it cannot")


def proposed(customer_id="c_1", rollout=None, arms=ARMS):
    catalog = a_catalog(exploration=Exploration(epsilon=0.1), holdout=arms)
    customer = OneCustomer(a_customer(customer_id=customer_id))
    ports = Ports(compile_catalog(catalog), customer, CHAMPION, ListLog(), rollout=rollout)
    return propose(a_request(request_id=f"r-{customer_id}"), ports=ports, now=NOON)


def test_five_percent_of_100_000_customers_are_taken_within_0_3_points():
    rollout = Rollout(CHALLENGER, share=0.05)
    taken = np.array([rollout.takes(f"c_{i}", HoldoutArms()) for i in range(100_000)])
    assert taken.mean() == pytest.approx(0.05, abs=0.003)


def test_a_customer_gets_the_same_bundle_every_time_and_keeps_it_when_the_share_grows():
    narrow, wide = (Rollout(CHALLENGER, share) for share in (0.05, 0.2))
    ids = [f"c_{i}" for i in range(5000)]
    first = [narrow.takes(each, ARMS) for each in ids]
    assert first == [narrow.takes(each, ARMS) for each in ids]
    assert all(wide.takes(each, ARMS) for each, taken in zip(ids, first, strict=True) if taken)


def test_another_challenger_draws_other_customers():
    ids = [f"c_{i}" for i in range(5000)]
    one, other = ({each for each in ids if draw_of(each, version) < 0.2} for version in ("a", "b"))
    assert len(one & other) / len(one) == pytest.approx(0.2, abs=0.05)


def test_holdout_arms_are_never_taken():
    decisions = [proposed(f"c_{i}", Rollout(CHALLENGER, share=1.0)) for i in range(400)]
    assert {each.arm for each in decisions} == {"nba", "hold_out", "random_eligible"}
    for each in decisions:
        assert each.versions.bundle == ("challenger" if each.arm == "nba" else "champion")


def test_the_challengers_decision_is_what_it_would_be_as_champion():
    taken = proposed(rollout=Rollout(CHALLENGER, share=1.0), arms=HoldoutArms())
    assert (taken.versions.bundle, taken.chosen, taken.shadow) == ("challenger", "card", None)


def test_a_shadow_changes_nothing_but_what_is_recorded_of_it():
    plain, shadowed = proposed(arms=HoldoutArms()), proposed(rollout=Rollout(CHALLENGER), arms=HoldoutArms())
    assert replace(shadowed, shadow=None) == plain
    assert (shadowed.shadow.bundle, shadowed.shadow.chosen) == ("challenger", "card")
    assert sum(shadowed.shadow.eligible.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_where_a_challenger_fails_the_champion_decides_as_if_there_were_none(share):
    broken = Rollout(Broken({}, version="broken"), share)
    assert proposed(rollout=broken, arms=HoldoutArms()) == proposed(arms=HoldoutArms())
