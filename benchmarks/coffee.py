"""Who should get which offer: every way to learn it, valued on later waves beside the best constant offer.

Quality.md, part A: learned on waves 1 to 4, valued on waves 5 and 6; nothing is chosen on those.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmarks.identity_data import data_folder
from benchmarks.public_logs import PublicLog, coffee
from benchmarks.report import Cell, Report
from training.evaluation import REGISTERED_CONSTANT, PolicyEvaluation, References, evaluate
from training.figures import with_interval
from training.policy import UNIFORM, constant_name
from training.reward_log import Floats
from training.uplift.contest import BLEND, Care, Evidence, bagged, rewards_of
from training.uplift.effects import average
from training.uplift.fitting import Fitted, fit_policy, one_hot, references
from training.uplift.learner import LEARNERS
from training.uplift.rule import deviate

LATER = 4
"""Waves after this one value."""
SERVED = "what the gate lets serve"


def run(*, quick: bool) -> Report:
    whole = coffee(data_folder() / "starbucks-offers")
    if quick:
        whole = whole.part(whole.log.customer_id % 20 == 0)
    care = Care(folds=2, bags=1) if quick else Care()
    fitted = fit_policy(whole.lesson, whole.log, when=whole.wave.astype(float), care=care)
    chosen = learned_choices(whole, fitted.evidence, care)
    chosen[SERVED] = fitted.rule.choose(whole.context[whole.wave > LATER])
    return Report(_about(fitted), _rows(valued(whole, chosen, fitted.evidence.constant, care), chosen, fitted))


def learned_choices(whole: PublicLog, evidence: Evidence, care: Care) -> dict[str, NDArray[np.int64]]:
    """What each learner, fitted on the earlier waves, would choose at the later ones: plain, and drawn in."""
    earlier, asked = whole.part(whole.wave <= LATER).lesson, whole.context[whole.wave > LATER]
    by = evidence.calibrations(np.ones(len(earlier), dtype=bool))
    plain = {name: bagged(LEARNERS[name], earlier, evidence.constant, care) for name in LEARNERS}
    drawn_in = {f"{name}, drawn in": by[name].of_effects(effects) for name, effects in plain.items()}
    named = plain | drawn_in | {BLEND: average(list(drawn_in.values()))}
    return {name: deviate(effects.predict(asked), evidence.constant, 0.0) for name, effects in named.items()}


def valued(whole: PublicLog, chosen: Mapping[str, NDArray[np.int64]], constant: int, care: Care) -> PolicyEvaluation:
    """The policies on the later waves, with a reward model of the earlier ones."""
    earlier, later = whole.part(whole.wave <= LATER), whole.part(whole.wave > LATER)
    q_hat: Floats = rewards_of(earlier.lesson, care.seed)(later.context)
    policies = references(later.log) | {name: one_hot(columns, later.log) for name, columns in chosen.items()}
    named = References(
        constants=tuple(map(constant_name, later.log.actions)), registered=constant_name(later.log.actions[constant])
    )
    return evaluate(later.log, policies, generator=np.random.default_rng(0), q_hat=q_hat, references=named)


def _rows(found: PolicyEvaluation, chosen: Mapping[str, NDArray[np.int64]], fitted: Fitted) -> list[dict[str, Cell]]:
    constant = fitted.evidence.constant
    names = ["always no_action", UNIFORM, found.references[REGISTERED_CONSTANT], *chosen]
    return [
        {
            "policy": name,
            "moved": f"{np.mean(chosen[name] != constant):.1%}" if name in chosen else "",
            "DR $": with_interval(found.policies[name].raw.doubly_robust),
            "capped DR $": with_interval(found.policies[name].capped.doubly_robust),
            "to the best constant, capped, paired": _gap(found, name),
        }
        for name in names
    ]


def _gap(found: PolicyEvaluation, name: str) -> str:
    return with_interval(found.policies[name].differences[REGISTERED_CONSTANT].estimate, signed=True, places=3)


def _about(fitted: Fitted) -> str:
    told = "; ".join(fitted.verdict.reasons)
    return (
        f"{fitted.evaluation.n_decisions:,} decisions of waves 5 and 6; everything was learned, drawn in and chosen on "
        "waves 1 to 4, by customers left out in turns. *Moved*: who would not get the constant offer. Chosen there: "
        f"{'nothing, no candidate was sure of a gain' if fitted.winner is None else fitted.winner.learner}. "
        f"The gate on waves 5 and 6: {told}."
    )
