"""A challenger in the service: every failure of it is counted and nobody else's, and it is ended."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from as_logged import as_logged
from ledger_builders import a_decision

from builders import FixedScorer, a_catalog, a_customer, a_request, an_action
from decisioning.decide import consider
from decisioning.decision import Shadow
from decisioning.eligibility import compile_catalog
from decisioning.errors import ArtifactError
from decisioning.ports import Candidate, Scores
from decisioning.rollout import rolled_out
from features.decision_answer import render_decision
from features.rollout_pointer import RolloutPointer, read_rollout, write_rollout
from serving.challenger import FAULT_SHARE, MOST_FAULTS, MOST_SLOW, Challenger, Watched
from serving.guard import Guard

CANDIDATES = [Candidate(action, action.treatments[0]) for action in (an_action("card"),)]
POINTER = RolloutPointer("shadow", "c" * 16, "0" * 64)


class Saying(FixedScorer):
    """Says one propensity of everything; raises where that is an error."""

    def score(self, features, candidates):
        if isinstance(self.says, Exception):
            raise self.says
        return Scores(np.full(len(candidates), self.says), np.full(len(candidates), np.nan))

    def explain(self, features, candidate):
        raise RuntimeError("no reasons")


@pytest.mark.parametrize("says", [RuntimeError("boom"), float("nan"), float("inf"), -0.1, 1.1])
def test_whatever_goes_wrong_is_one_error_and_counted(says):
    watched = Watched(Saying(says))
    with pytest.raises(ArtifactError):
        watched.score({}, CANDIDATES)
    assert (watched.n_calls, watched.n_faults) == (1, 1)


def test_reasons_that_cannot_be_given_are_left_out():
    assert Watched(Saying(0.5)).explain({}, CANDIDATES[0]) == ()


class Foreseeing(FixedScorer):
    """Foresees one chance of leaving; raises where that is an error."""

    def foresee(self, features):
        if isinstance(features["churn"], Exception):
            raise features["churn"]
        return {"churn": features["churn"]}


def test_a_challenger_decides_as_its_bundle_will_once_it_is_promoted():
    scorer = Foreseeing({"card": (0.1, 0.1), "stay": (0.1, 0.1)})
    actions = an_action("card"), an_action("stay", suitability="foreseen.churn > 0.5")
    compiled = compile_catalog(a_catalog(*actions))

    def deciding(by):
        return consider(a_request(), a_customer(features={"churn": 0.9}), catalog=compiled, scorer=by)

    rollout = Challenger(replace(POINTER, mode="canary", share=1.0), scorer).rollout
    assert rolled_out(rollout, scorer, deciding, taken=True) == deciding(scorer)
    assert "stay" in deciding(scorer).eligible


def test_foreseeing_that_fails_is_one_error_and_counted():
    watched = Watched(Foreseeing({}))
    with pytest.raises(ArtifactError):
        watched.foresee({"churn": RuntimeError("boom")})
    assert watched.n_faults == 1


def test_a_challenger_that_fails_seldom_goes_on_and_one_that_fails_more_is_ended():
    challenger = Challenger(POINTER, Saying(0.5))
    challenger.scorer.n_faults = MOST_FAULTS
    challenger.scorer.n_calls = int(MOST_FAULTS / FAULT_SHARE)
    assert challenger.failing == ""
    challenger.scorer.n_calls -= 1
    assert challenger.failing == "5 of 499 scorings failed"


def test_a_challenger_that_is_slow_is_ended():
    challenger = Challenger(POINTER, Saying(0.5))
    challenger.scorer.n_calls, challenger.scorer.n_slow = MOST_SLOW, MOST_SLOW
    assert challenger.failing == "20 of 20 scorings took longer than 50 ms"


def test_the_guard_writes_why_it_ended_a_challenger(tmp_path):
    (tmp_path / "bundles").mkdir()
    write_rollout(tmp_path, POINTER)
    challenger = Challenger(POINTER, Saying(RuntimeError("boom")))
    guard, desk = Guard(SimpleNamespace(path=tmp_path)), SimpleNamespace()
    assert guard.look(desk, challenger) == ""
    for _ in range(MOST_FAULTS):
        with pytest.raises(ArtifactError):
            challenger.scorer.score({}, CANDIDATES)
    assert guard.look(desk, challenger) == "5 of 5 scorings failed"
    assert (read_rollout(tmp_path).mode, read_rollout(tmp_path).reason) == ("ended", "5 of 5 scorings failed")


def test_a_shadow_adds_no_byte_to_an_answer():
    decision = a_decision(degraded=())
    shadowed = replace(decision, shadow=Shadow("c" * 16, "loan", {"loan": 0.9, "no_action": 0.1}))
    assert render_decision(shadowed, currency="EUR") == render_decision(decision, currency="EUR")
    assert as_logged(shadowed) == shadowed
