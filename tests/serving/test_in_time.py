"""A model that is stuck is waited for once; until it is free again the catalogue decides."""

from threading import Event, current_thread

import numpy as np
import pytest
from patience import LONGEST, until

from builders import an_action
from decisioning.errors import ArtifactError, UnavailableError
from decisioning.ports import Candidate, Scores
from serving.in_time import InTime, Lane

CANDIDATES = [Candidate(action, action.treatments[0]) for action in (an_action("card"), an_action("loan"))]


class Model:
    """A scorer that answers when it is let go on."""

    version = "model"

    def __init__(self):
        self.go_on, self.n_asked = Event(), 0

    def score(self, features, candidates):
        self.n_asked += 1
        self.go_on.wait(LONGEST)
        return Scores(np.full(len(candidates), features["p"]), np.full(len(candidates), np.nan))

    def explain(self, features, candidate):
        raise ArtifactError("it cannot")

    def foresee(self, features):
        self.go_on.wait(LONGEST)
        return {"churn": 0.5}


def test_a_stuck_model_is_waited_for_once_and_asked_again_when_it_is_free():
    model, lane = Model(), Lane(0.05)
    scorer = InTime(model, lane)
    for _ in range(50):
        with pytest.raises(UnavailableError):
            scorer.score({"p": 0.1}, CANDIDATES)
    until(lambda: model.n_asked)
    assert scorer.foresee({}) == {}
    assert model.n_asked == 1
    lane._patience = LONGEST  # what is free answers, however busy the machine is
    model.go_on.set()
    until(lambda: scorer.foresee({}))
    assert scorer.score({"p": 0.25}, CANDIDATES).propensity.tolist() == [0.25, 0.25]  # not what was asked before
    assert scorer.foresee({}) == {"churn": 0.5}
    assert scorer.version == "model"


def test_what_a_model_raises_is_raised_where_it_was_asked_and_the_next_question_is_answered():
    model = Model()
    model.go_on.set()
    scorer = InTime(model, Lane(LONGEST))
    for _ in range(3):
        with pytest.raises(ArtifactError, match="it cannot"):
            scorer.explain({}, CANDIDATES[0])
        assert len(scorer.score({"p": 0.1}, CANDIDATES).propensity) == 2


class Bounded(Model):
    """One that says of itself that it cannot be stuck, and notes who asks."""

    is_bounded = True

    def score(self, features, candidates):
        self.scored_by = current_thread()
        return super().score(features, candidates)

    def foresee(self, features):
        self.foreseen_by = current_thread()
        return super().foresee(features)


def test_a_model_that_cannot_be_stuck_is_asked_in_place():
    model = Bounded()
    model.go_on.set()
    scorer = InTime(model, Lane(0.05))
    assert scorer.score({"p": 0.25}, CANDIDATES).propensity.tolist() == [0.25, 0.25]
    assert scorer.foresee({}) == {"churn": 0.5}
    assert model.scored_by is model.foreseen_by is current_thread()
