"""Which e-mail to send: what the system would serve, learned on four fifths of the customers and valued on the rest.

Quality.md, part B: five folds, each fit with its own choice and gate inside; the fifth that values decides nothing.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.identity_data import data_folder
from benchmarks.public_logs import OUTCOMES, PublicLog, hillstrom
from benchmarks.report import Cell, Report
from training.evaluation import HINDSIGHT_CONSTANT, References, evaluate
from training.figures import with_interval
from training.policy import constant_name
from training.reward_log import Floats
from training.reward_model import customer_folds
from training.uplift.contest import Care, rewards_of
from training.uplift.fitting import fit_policy, one_hot, references

FOLDS = 5
SERVED = "served"


def run(*, quick: bool) -> Report:
    care = Care(folds=2 if quick else 5, bags=1)
    logs = {outcome: hillstrom(data_folder() / "hillstrom", outcome) for outcome in OUTCOMES}
    rows = [
        _row(outcome, log.part(np.arange(4_000 if quick else len(log.wave))), care) for outcome, log in logs.items()
    ]
    about = (
        "64,000 customers, three arms. Five folds: a policy is learned, drawn in, chosen and judged by the gate on "
        "four fifths, and what would serve is valued on the last one (doubly robust). Learners on one seed."
    )
    return Report(about, rows)


@dataclass(frozen=True, slots=True)
class Served:
    """What would serve, for customers who taught nothing of it; `adopted`, in how many folds a learned policy."""

    policy: Floats
    q_hat: Floats
    adopted: int


def cross_fitted(log: PublicLog, care: Care) -> Served:
    """Learn and judge five times, each time asking for the customers left out."""
    fold = customer_folds(log.log.customer_id, folds=FOLDS, generator=np.random.default_rng(5))
    policy, q_hat = (np.empty(log.log.eligible_probability.shape) for _ in range(2))
    adopted = 0
    for number in range(FOLDS):
        taught, own = log.part(fold != number), fold == number
        fitted = fit_policy(taught.lesson, taught.log, care=care)
        policy[own] = one_hot(fitted.rule.choose(log.context[own]), log.log)
        q_hat[own] = rewards_of(taught.lesson, care.seed)(log.context[own])
        adopted += fitted.adopted
    return Served(policy, q_hat, adopted)


def _row(outcome: str, log: PublicLog, care: Care) -> dict[str, Cell]:
    served = cross_fitted(log, care)
    named = References(constants=tuple(map(constant_name, log.log.actions)), nothing="always no_action")
    found = evaluate(
        log.log,
        references(log.log) | {SERVED: served.policy},
        generator=np.random.default_rng(0),
        q_hat=served.q_hat,
        references=named,
    )
    best = found.references[HINDSIGHT_CONSTANT]
    row = found.policies[SERVED]
    return {
        "outcome": outcome,
        "best constant": f"{best}: {with_interval(found.policies[best].raw.doubly_robust)}",
        "served": with_interval(row.raw.doubly_robust),
        "difference, capped, paired": with_interval(row.differences[HINDSIGHT_CONSTANT].estimate, signed=True),
        "learned in": f"{served.adopted} of {FOLDS} folds",
    }
