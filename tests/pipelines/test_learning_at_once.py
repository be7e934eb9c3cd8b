"""The command line and the simulator decide with what was answered, as the service does."""

import shutil
from pathlib import Path

from decisioning.customer import CustomerReference
from decisioning.decide import decide
from decisioning.decision import DecisionRequest
from decisioning.outcome import Outcome
from pipelines.composition import compose

WORKSPACE = Path(__file__).parents[1] / "serving" / "workspace"


def decided(composition, request_id):
    request = DecisionRequest(request_id, CustomerReference("user_id", request_id), "web_home", "web")
    return decide(request, ports=composition.ports(), now=composition.clock())


def test_an_outcome_that_was_sent_is_in_the_next_decision(tmp_path):
    shutil.copytree(WORKSPACE, tmp_path / "workspace")
    with (tmp_path / "workspace" / "tsugi.toml").open("a") as file:
        file.write('\n[learning]\nfast = true\nfeatures = ["age"]\n')
    with compose(tmp_path / "home", tmp_path / "workspace") as composition:
        first = decided(composition, "r-1")
        offered = first.ranked[0]
        at = composition.clock()
        composition.send([], [Outcome("o-1", first.decision_id, offered.action, offered.treatment, "accept", at)])
        second = decided(composition, "r-2")
    assert second.scores[offered.action][0] > first.scores[offered.action][0]
    assert second.learned.seq > first.learned.seq
