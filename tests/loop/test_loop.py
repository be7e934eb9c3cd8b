"""The walk: events, ledger, golden record, features, decisions, outcomes, retraining, other decisions; all of it real.

Laws are looked at on the way. What the gate says of so small a bank is the gate's business: it is obeyed and reported,
and then its candidate is promoted by hand, so that a learned model decides too.
"""

import json
import re
import shutil
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from decisioning.decide import propose
from decisioning.decision import DecisionRequest
from features.catalog_source import feature_set_of
from features.golden_record import GoldenRecord
from features.historical import training_frame
from features.identity import IdentityGraph
from features.record import DECISION, LINK, OUTCOME, link_of
from features.workspace import Workspace
from pipelines.champion import champion_bundle, champion_scorer
from pipelines.clock import SimulatedClock
from pipelines.composition import compose
from pipelines.exit_code import ExitCode
from pipelines.explain import explained
from pipelines.promote import promote_version
from pipelines.retrain import learnable_log, retrain
from pipelines.rollback import roll_back
from training.manifest import origin_of
from training.registry import Registry

ROOT = Path(__file__).parents[2]
LATER_WEEKS = timedelta(days=18)
ASKED = 40


@dataclass
class Walk:
    """What was seen at each step."""

    home: object
    workspace: object
    decisions: list
    results: list = field(default_factory=list)
    rankings: list = field(default_factory=list)
    champions: list = field(default_factory=list)
    frame: object = None
    offline: object = None
    sample: list = field(default_factory=list)
    profile: object = None

    def keep(self, decision, _truth):
        self.decisions.append(decision)


@dataclass(frozen=True)
class Ranking:
    """What a page would offer somebody now, by priority alone, and what decided that."""

    bundle: str
    epsilon: float
    order: tuple


def rankings(composition, references):
    """Customer by customer, where anything may be offered at all and no holdout arm is measured."""
    looked = [ranking(composition, reference) for reference in references]
    return {each: found for each, found in zip(references, looked, strict=True) if found}


def ranking(composition, reference):
    request = DecisionRequest(f"look-{reference.value}", reference, "web_home", channel="web")
    decision = propose(request, ports=composition.ports(), now=composition.clock())
    order = tuple(sorted(decision.scores, key=lambda name: -decision.scores[name][2]))
    return Ranking(decision.versions.bundle, decision.epsilon, order) if order and decision.arm == "nba" else None


@pytest.fixture(scope="module")
def walk(business, tmp_path_factory):
    home = shutil.copytree(business.home, tmp_path_factory.mktemp("walk") / "home")
    clock = SimulatedClock(business.clock.now)
    seen = Walk(home, business.workspace, list(business.decisions))
    with compose(home, business.workspace, clock=clock) as composition:
        references = recent_references(business)
        seen.rankings.append(rankings(composition, references))
        learn(seen, composition, references)
        promote_version(home, business.workspace, seen.results[0].version)
        serve_champion(seen, composition, references)
        live = replace(business.live, composition=composition, clock=clock, on_truth=seen.keep)
        for _ in live.run(clock.now + LATER_WEEKS):
            pass
        learn(seen, composition, references)
        seen.results.append(retrain(composition, as_of=clock())[0])
        look_back(seen, composition)
    return seen


def recent_references(business):
    known = [each.reference for each in business.decisions if each.reference.kind == "user_id"]
    return list(dict.fromkeys(known))[-ASKED:]


def learn(seen, composition, references):
    seen.results.append(retrain(composition, as_of=composition.clock())[0])
    serve_champion(seen, composition, references)


def serve_champion(seen, composition, references):
    composition.scorer = champion_scorer(seen.home)
    seen.champions.append(champion_bundle(seen.home))
    seen.rankings.append(rankings(composition, references))


def look_back(seen, composition):
    seen.frame = learnable_log(composition, as_of=composition.clock())
    # History tells of two customers who became one from that moment on, so their earlier moments are left out here.
    linked = {link_of(record).customer_id for record in composition.ledger.records(0, kinds=[LINK])}
    known = [each for each in seen.decisions if each.features and each.customer_id not in linked]
    seen.sample = known[:: max(1, len(known) // 300)]
    # What a decision implies was shown is known from that very instant: what it was made from is what was known before.
    moments = [each.decided_at - timedelta(microseconds=1) for each in seen.sample]
    entities = pd.DataFrame({"customer_id": [each.customer_id for each in seen.sample], "event_timestamp": moments})
    seen.offline = training_frame(composition.home, composition.features, entities)
    reference = next(each.reference for each in known if each.reference.kind == "user_id")
    seen.profile = GoldenRecord(composition.ledger).profile(IdentityGraph(composition.ledger).resolve(reference))


# --- events, ledger, golden record -------------------------------------------------------------------------------


def test_every_event_of_the_history_is_in_the_ledger_once(business):
    first, again = business.receipts
    assert first.accepted + first.duplicates == business.n_events > 30_000
    assert first.n_rejected == again.n_rejected == again.accepted == 0
    assert again.duplicates == 1000


def test_a_golden_record_says_where_each_field_is_from(walk):
    fields = walk.profile.fields
    assert {"age", "income"} <= set(fields)
    assert all(field.message_id and field.occurred_at and field.source for field in fields.values())


# --- features ----------------------------------------------------------------------------------------------------


def test_the_features_logged_with_decisions_are_the_offline_features_of_those_moments(walk):
    assert len(walk.sample) >= 300
    withheld = Counter()
    for decision, (_, row) in zip(walk.sample, walk.offline.iterrows(), strict=True):
        for name, logged in decision.features.items():
            past = None if row[name] != row[name] else row[name]
            if logged is None and past is not None:
                withheld[name, decision.channel] += 1
            elif logged is None or isinstance(logged, str):
                assert past == logged, name
            else:
                assert past == pytest.approx(logged, rel=1e-9, abs=1e-9), name
    only_by_consent(walk, withheld)


def only_by_consent(walk, withheld) -> None:
    """What was known and not looked at is what needs consent for marketing; not on every channel, nor of everybody."""
    features = feature_set_of(Workspace.load(walk.workspace))
    assert {name for name, _ in withheld} <= set(features.purposes["marketing"])
    n_by_channel = Counter(decision.channel for decision in walk.sample)
    assert all(n < n_by_channel[channel] for (_, channel), n in withheld.items())


# --- decisions ---------------------------------------------------------------------------------------------------


def test_every_decision_is_durable_exactly_as_it_was_made(walk):
    with compose(walk.home, walk.workspace) as composition:
        kept = Counter(record.record_id for record in composition.ledger.records(0, kinds=[DECISION]))
        assert kept == Counter(decision.decision_id for decision in walk.decisions)
        for decision in walk.decisions[::97]:
            assert composition.decisions.find(decision.decision_id) == decision


def test_action_probabilities_sum_to_one_and_none_is_below_its_floor(walk):
    for decision in walk.decisions:
        assert sum(decision.eligible.values()) == pytest.approx(1, abs=1e-9)
        assert min(decision.eligible.values()) >= decision.epsilon / len(decision.eligible) - 1e-12
        assert decision.chosen in decision.eligible
        assert not {each.action for each in decision.exclusions} & set(decision.eligible)


# --- outcomes ----------------------------------------------------------------------------------------------------


def test_outcomes_come_back_and_what_was_shown_without_an_answer_counts_as_no_response(walk):
    with compose(walk.home, walk.workspace) as composition:
        outcomes = sum(1 for _ in composition.ledger.records(0, kinds=[OUTCOME]))
    assert outcomes > len(walk.decisions) / 2
    shown, accepted = walk.frame.shown, walk.frame.accepted
    assert 0 < accepted[shown].sum() < shown.sum() < len(walk.frame)
    assert (walk.frame.reward[shown & ~accepted] == 0).any()
    unanswered = [decision.features.get("no_response") for decision in walk.decisions]
    assert unanswered.count(1.0) > 10


# --- retraining --------------------------------------------------------------------------------------------------


def test_the_first_retraining_is_judged_and_what_the_gate_says_serves(walk):
    first, champion = walk.results[0], walk.champions[0]
    assert first.exit_code in {ExitCode.DONE, ExitCode.REFUSED}
    assert first.reasons
    served = {"candidate": "model", "constant": "constant"}[first.serves]
    assert champion.kind == served


def test_what_serves_says_until_when_it_learned_and_later_decisions_judged_it(walk):
    origin = origin_of(walk.home, walk.champions[0].version)
    judged_by = [each for each in walk.decisions if origin.learned_until < each.decided_at < origin.trained_at]
    assert len(judged_by) > 200


def test_the_ranking_changes_with_what_was_learned(walk):
    before, judged, promoted, *_ = walk.rankings
    assert len(before) > ASKED / 2
    assert before.keys() == judged.keys() == promoted.keys()
    assert {each.bundle for each in before.values()} == {"none"}
    assert {each.bundle for each in judged.values()} == {walk.champions[0].version}
    assert {each.bundle for each in promoted.values()} == {walk.results[0].bundle}
    assert {each.epsilon for each in before.values()} == {1.0}
    assert max(each.epsilon for each in promoted.values()) < 1.0
    assert np.mean([before[who].order != judged[who].order for who in before]) > 0.5
    assert np.mean([before[who].order != promoted[who].order for who in before]) > 0.5
    assert len({each.order[0] for each in promoted.values()}) > 1, "a model tells customers apart"


def test_the_second_retraining_learns_from_what_the_model_decided(walk):
    first, second, _ = walk.results
    by_model = [each for each in walk.decisions if each.versions.bundle == first.bundle]
    assert len(by_model) > 200
    assert second.decisions > first.decisions
    assert second.bundle != first.bundle


def test_a_third_retraining_with_nothing_new_says_so_and_changes_nothing(walk):
    assert walk.results[2].exit_code is ExitCode.NOTHING_NEW
    assert champion_bundle(walk.home).version == walk.champions[-1].version


def test_mlflow_has_everything_that_is_needed_to_judge_a_retraining(walk):
    registry = Registry.open(walk.home, workspace="bank")
    run = registry.client.get_run(walk.results[1].run_id)
    assert {"as_of", "training.trials", "goal.window_days"} <= set(run.data.params)
    assert {"gate.promoted", "value.candidate.dr"} <= set(run.data.metrics)
    assert {"gate", "gate.reasons", "catalog", "bundle", "tsugi.data"} <= set(run.data.tags)
    assert run.inputs.dataset_inputs[0].dataset.digest
    assert run.data.params["training.constraints"] == ""
    assert json.loads(run.data.params["goal.rewards.0"]) == {"event": "Order Completed", "amount": "margin"}
    open_since = datetime.fromisoformat(run.data.params["labels.open_since"])
    asked = datetime.fromisoformat(run.data.params["as_of"])
    made = [each.decided_at for each in walk.decisions]
    assert int(run.data.params["labels.open"]) == sum(open_since < at <= asked for at in made) > 0
    assert {"features.json", "evaluation.json", "drift.json", "bundle", "plots"} <= artifacts(registry, run, "")
    assert {"plots/policy_values.png", "plots/drift.png"} <= artifacts(registry, run, "plots")


def test_the_propensity_run_has_its_curves(walk):
    registry = Registry.open(walk.home, workspace="bank")
    propensity = run_of(registry, walk.results[1], "propensity")
    assert {"evaluation.log_loss", "evaluation.champion.log_loss", "validation.log_loss", "uplift.qini"} <= set(
        propensity.data.metrics
    )
    names = ("reliability", "gain", "qini", "feature_importance", "contributions", "search", "baseline.search")
    assert {f"plots/{name}.png" for name in names} <= artifacts(registry, propensity, "plots")


def test_the_pictures_of_the_page_on_learning_are_among_those_that_a_retraining_leaves(walk):
    registry, result = Registry.open(walk.home, workspace="bank"), walk.results[1]
    runs = (registry.client.get_run(result.run_id), run_of(registry, result, "propensity"))
    left = {path for run in runs for path in artifacts(registry, run, "plots")}
    shown = re.findall(r"\(pictures/learning_([a-z_]+)\.png\)", (ROOT / "docs/learning.md").read_text())
    assert len(shown) >= 8
    told_of_longer_searches = {"plots/settings.png"}
    assert {f"plots/{name}.png" for name in shown} <= left | told_of_longer_searches


def test_every_trial_of_the_search_is_a_run_below_its_model_and_the_best_loss_only_falls(walk):
    registry = Registry.open(walk.home, workspace="bank")
    propensity = run_of(registry, walk.results[1], "propensity")
    below = f"tags.`mlflow.parentRunId` = '{propensity.info.run_id}'"
    trials = registry.client.search_runs([registry.experiment_of("propensity")], below)
    assert len(trials) >= 2
    assert all(trial.data.params for trial in trials)
    history = registry.client.get_metric_history(propensity.info.run_id, "best_loss")
    losses = [metric.value for metric in sorted(history, key=lambda metric: metric.step)]
    assert losses == sorted(losses, reverse=True)


def test_the_model_card_and_the_signature_are_with_the_bundle(walk):
    registry = Registry.open(walk.home, workspace="bank")
    result = walk.results[1]
    run = registry.client.get_run(result.run_id)
    assert {"model_card.md", "signature.json"} <= artifacts(registry, run, "")
    told = registry.client.get_model_version(registry.model, str(result.version)).description
    assert told.startswith("# bank-policy, ")
    assert "segment = mass" in told
    assert "## Constraints\n\nNone is declared" in told
    verdict = [reason for reason in result.reasons if not reason.startswith("the champion serves on")]
    assert verdict
    assert all(reason[:40] in told for reason in verdict)


def run_of(registry, result, kind):
    """The run of one kind of model within a retraining."""
    tags = registry.client.get_run(result.run_id).data.tags
    found = registry.client.get_run(tags[f"tsugi.run.{kind}"])
    assert found.info.experiment_id == registry.experiment_of(kind)
    assert found.data.tags["tsugi.retraining"] == result.run_id
    return found


def test_the_rest_of_the_fleet_has_runs_of_its_own_kind_that_say_what_serves_and_why(walk):
    registry = Registry.open(walk.home, workspace="bank")
    result = walk.results[1]
    for kind in ("churn", "service_need", "satisfaction", "value"):
        tags = run_of(registry, result, kind).data.tags
        assert tags["serves"] in {"True", "False", "champion's"}
        assert tags["reasons"]
        assert (
            f"- {kind}, {tags['foresees']}: "
            in registry.client.get_model_version(registry.model, str(result.version)).description
        )
    assert {"specialists.json", "own_effects.json"} <= artifacts(registry, run_of(registry, result, "propensity"), "")


def test_what_is_foreseen_is_shown_beside_the_champion_with_contributions_and_data_of_its_own(walk):
    registry = Registry.open(walk.home, workspace="bank")
    retraining, data, compared = registry.client.get_run(walk.results[1].run_id), set(), 0
    for kind, quality in (("churn", "auc"), ("service_need", "auc"), ("satisfaction", "auc"), ("value", "gini")):
        run = run_of(registry, walk.results[1], kind)
        if f"evaluation.{quality}" in run.data.metrics:
            assert {"plots/contributions.png", "plots/feature_importance.png"} <= artifacts(registry, run, "plots")
            data.add(run.inputs.dataset_inputs[0].dataset.digest)
            beside = "worse than the champion" in run.data.tags["reasons"]
            assert (f"evaluation.champion.{quality}" in run.data.metrics) == beside
            compared += beside
    assert compared > 0
    assert len(data) > 1
    assert retraining.inputs.dataset_inputs[0].dataset.digest not in data


def test_the_champion_alias_is_on_what_serves(walk):
    registry = Registry.open(walk.home, workspace="bank")
    assert registry.holder("champion").bundle == champion_bundle(walk.home).version


def artifacts(registry, run, folder):
    return {each.path for each in registry.client.list_artifacts(run.info.run_id, folder)}


def test_the_notebook_takes_a_model_of_ones_own_from_rows_to_challenger(walk, monkeypatch):
    monkeypatch.setenv("TSUGI_HOME", str(walk.home))
    monkeypatch.setenv("TSUGI_WORKSPACE", str(walk.workspace))
    notebook = json.loads((ROOT / "examples/notebook/challenger.ipynb").read_text())
    said = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), "challenger.ipynb", "exec"), said)  # noqa: S102 - it is our notebook
    registry = Registry.open(walk.home, workspace="bank")
    challenger = registry.holder("challenger")
    assert challenger.number == said["version"]
    run = registry.client.get_run(challenger.run_id)
    assert run.info.run_name == "my first challenger"
    assert run.data.tags["gate.reasons"] == "\n".join(said["judged"].reasons)
    child = registry.client.get_run(run.data.tags["tsugi.run.propensity"])
    assert child.data.params["estimator.num_leaves"] == "15"
    assert "evaluation.log_loss" in child.data.metrics


def test_nothing_below_the_home_is_a_pickle(walk):
    files = [
        path for folder in ("bundles", "mlartifacts") for path in (walk.home / folder).rglob("*") if path.is_file()
    ]
    assert len(files) > 10
    for path in files:
        head = path.read_bytes()[:2]
        assert path.suffix in {".json", ".txt", ".png", ".md"}, path
        assert not (head[:1] == b"\x80" and head[1:] in {b"\x02", b"\x03", b"\x04", b"\x05"}), path


def test_a_rollback_brings_the_champion_before_back(walk):
    """Last: it changes what serves."""
    before = champion_bundle(walk.home).version
    assert "rolled back" in roll_back(walk.home, walk.workspace)
    assert champion_bundle(walk.home).version != before


def test_decisions_of_a_learned_model_are_made_again_from_their_records(walk):
    learned = [each for each in walk.decisions if each.versions.bundle != "none" and each.ranked]
    assert learned
    for decision in learned[:: max(1, len(learned) // 20)]:
        told = explained(walk.home, walk.workspace, decision.decision_id, None)
        assert told["replay"] == {"exact": True, "differs": [], "why_not": None}


def test_what_moved_a_learned_propensity_is_told_in_the_words_of_the_features(walk):
    decision = next(each for each in reversed(walk.decisions) if each.versions.bundle != "none" and each.ranked)
    first = explained(walk.home, walk.workspace, decision.decision_id, None)["actions"][0]
    assert first["action"] == decision.ranked[0].action
    assert first["contributions"]
    assert all(each["about"] for each in first["contributions"])
