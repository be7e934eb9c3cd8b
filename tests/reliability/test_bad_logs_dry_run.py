"""A dry run says of a bad log what a retraining would refuse it for, and MLflow keeps what a retraining warns of."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from logged_home import AS_OF, EVERY_US, N, a_home, a_log, a_workspace, everything_in
from test_bad_logs_retrained import BAD, BAD_DATA, leaked

from pipelines.dry_run import plan_in_words, plan_training
from pipelines.retrain import retrain_workspace
from training.registry import Registry

REFUSED = [name for name, (_, code, _) in BAD.items() if code == BAD_DATA and name != "empty"]
TWICE = "Is the log in it twice?"


def twice(log):
    """The earlier half, imported again as if it were the later one."""
    half = log.take(np.concatenate([np.arange(N // 2)] * 2))
    names = {"decision_id": log.decision_id, "decided_us": log.decided_us[0] + np.arange(N) * EVERY_US}
    return replace(half, **names)


def nobody_knows(log):
    return replace(log, features={name: np.full(N, np.nan) for name in log.features})


def planned(tmp_path, log):
    workspace = a_workspace(tmp_path / "shop")
    home = a_home(tmp_path / "home", workspace, log)
    before = everything_in(home)
    plan = plan_training(home, workspace, as_of=AS_OF)
    assert everything_in(home) == before
    return plan


@pytest.mark.parametrize("name", REFUSED)
def test_a_dry_run_says_what_a_bad_log_would_be_refused_for(name, tmp_path):
    plan = planned(tmp_path, BAD[name][0](a_log()))
    assert BAD[name][2] in plan.refused
    assert f"  would be refused: {plan.refused}" in plan_in_words(plan).splitlines()


def test_a_dry_run_refuses_nothing_of_a_good_log(tmp_path):
    plan = planned(tmp_path, a_log())
    assert plan.refused == ""
    assert not [warning for warning in plan.warnings if "feature" in warning or TWICE in warning]
    assert "would be refused" not in plan_in_words(plan)


def test_a_dry_run_looks_at_no_feature_that_was_not_logged_and_says_so(tmp_path):
    plan = planned(tmp_path, nobody_knows(leaked(a_log())))
    assert (plan.refused, plan.without) == ("", N)
    assert "theirs come from the history, and are not looked at here" in plan_in_words(plan)


@pytest.fixture(scope="module")
def suspicious(tmp_path_factory):
    folder = tmp_path_factory.mktemp("suspicious")
    workspace = a_workspace(folder / "shop")
    home, said = a_home(folder / "home", workspace, twice(a_log())), []
    plan = plan_training(home, workspace, as_of=AS_OF)
    result = retrain_workspace(home, workspace, as_of=AS_OF, promote=False, say=said.append)
    return SimpleNamespace(**locals())


def test_a_dry_run_warns_of_what_a_retraining_warns_of(suspicious):
    warned = [line.removeprefix("warning: ") for line in suspicious.said if line.startswith("warning: ")]
    assert warned == [each for each in suspicious.plan.warnings if each in warned]
    assert [TWICE in each for each in warned].count(True) == 1


def test_mlflow_and_the_model_card_keep_what_a_retraining_warned_of(suspicious):
    registry, result = Registry.open(suspicious.home, workspace="logged"), suspicious.result
    tags = registry.client.get_run(result.run_id).data.tags
    assert TWICE in tags["warnings"]
    card = registry.client.get_model_version(registry.model, str(result.version)).description
    assert f"Warning: {tags['warnings'].splitlines()[0]}" in card
