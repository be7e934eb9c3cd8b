"""Judging bundles on the later part of the log, beside everything they must beat."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from decisioning.action import NO_ACTION
from decisioning.catalog import Catalog
from features.workspace import Gate, Training
from training.bundle_policy import LogScores, ManyScorer, score_log
from training.dataset import DecisionLogFrame, TimeSplit, spread
from training.drawn_policy import as_drawn, drawn_name
from training.encoding import FeatureEncoder, Floats
from training.evaluation import PolicyEvaluation, References, Settings, evaluate
from training.policy import best_constant, constant_name, greedy, standard_policies
from training.reward_model import BLOCK, fit_reward_model

CHAMPION_POLICY = "champion"
EVALUATED_ARMS = ("nba", "random_eligible", "no_levers")
"""The arms whose eligible set is that of the funnel; in the others a policy could not have chosen otherwise."""


MOST_LEARNED = 60_000
"""The nuisance learns from an even sample, over the time, of at most so many decisions."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The evaluation, and what it compared.

    Parameters: `policies` by name, matrices (n, n_actions) over `frame`, the evaluated part; `scores`, what each bundle
    says there; `q_hat` (n, n_actions), the reward that is expected of each action.
    """

    evaluation: PolicyEvaluation
    policies: Mapping[str, Floats]
    frame: DecisionLogFrame
    scores: Mapping[str, LogScores]
    q_hat: Floats


def evaluable(frame: DecisionLogFrame) -> DecisionLogFrame:
    """The decisions at which any policy could have chosen from the funnel's own set."""
    return frame.take(np.isin(frame.arm, EVALUATED_ARMS))


def judge_bundles(
    split: TimeSplit,
    bundles: Mapping[str, ManyScorer],
    *,
    catalog: Catalog,
    encoder: FeatureEncoder,
    training: Training,
    gate: Gate,
) -> Judged:
    """Value bundles by their first choices, without exploration, and the standard policies on the evaluated part.

    Where the catalogue has a temperature, each bundle stands there once more as it is drawn (`drawn_name`).

    Parameters: `bundles` by policy name, `candidate` and `champion` among them where there are such; `encoder`, of the
    features that the nuisance q̂ reads: it learns from the earlier parts only, and knows no bundle.
    """
    earlier, log = evaluable(split.earlier), evaluable(split.evaluation)
    with ThreadPoolExecutor(max_workers=1) as aside:
        nuisance = aside.submit(_q_hat, earlier, log, encoder, seed=training.seed)
        scores = {name: score_log(bundle, log, catalog) for name, bundle in bundles.items()}
        q_hat = nuisance.result()
    policies = standard_policies(log) | {name: greedy(log, each.priority) for name, each in scores.items()}
    if catalog.exploration.temperature:
        policies |= {drawn_name(name): as_drawn(log, each.priority, catalog) for name, each in scores.items()}
    evaluation = evaluate(
        log,
        policies,
        generator=np.random.default_rng(training.seed),
        q_hat=q_hat,
        references=_references(earlier, log, bundles),
        settings=Settings(confidence=gate.confidence),
    )
    return Judged(evaluation, policies, log, scores, q_hat)


def _q_hat(earlier: DecisionLogFrame, log: DecisionLogFrame, encoder: FeatureEncoder, *, seed: int) -> Floats:
    some = spread(earlier, MOST_LEARNED)
    known = encoder.matrix(some.features, n_rows=len(some))
    model = fit_reward_model(known, some.chosen, some.capped_reward, n_actions=len(log.actions), seed=seed)
    del known
    parts = [log.take(slice(start, start + BLOCK)) for start in range(0, max(len(log), 1), BLOCK)]
    return np.concatenate([model.predict(encoder.matrix(part.features, n_rows=len(part))) for part in parts])


def _references(earlier: DecisionLogFrame, log: DecisionLogFrame, bundles: Mapping[str, ManyScorer]) -> References:
    registered = best_constant(earlier)
    return References(
        constants=tuple(constant_name(action) for action in log.actions if action != NO_ACTION),
        registered=None if registered is None else constant_name(registered),
        champion=CHAMPION_POLICY if CHAMPION_POLICY in bundles else None,
    )
