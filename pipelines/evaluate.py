"""Values what serves beside what it must beat, on the later part of the log."""

import json
from pathlib import Path

from rich.console import Console

from pipelines.champion import champion_bundle
from pipelines.clock import system_clock
from pipelines.composition import compose
from pipelines.materialize import materialize
from pipelines.retrain import encoder_of, learnable_log, split_log
from training.bundle_policy import ManyScorer
from training.evaluation import PolicyEvaluation
from training.evaluation_report import evaluation_json, policy_table
from training.judging import CHAMPION_POLICY, judge_bundles


def evaluate_log(home: Path, workspace: Path) -> tuple[PolicyEvaluation, str]:
    """The table of policy values as of now, and its currency; the champion is in it where one serves.

    Raises `InvalidInputError` where too few decisions are over.
    """
    with compose(home, workspace) as composition:
        materialize(composition)
        split = split_log(composition, learnable_log(composition, as_of=system_clock()))
        champion = champion_bundle(home)
        bundles: dict[str, ManyScorer] = {} if champion is None else {CHAMPION_POLICY: champion}
        judged = judge_bundles(
            split,
            bundles,
            catalog=composition.catalog.catalog,
            encoder=encoder_of(composition),
            training=composition.workspace.training,
            gate=composition.workspace.gate,
        )
        return judged.evaluation, composition.catalog.catalog.currency


def print_evaluation(evaluation: PolicyEvaluation, *, currency: str, as_json: bool) -> None:
    """Print the table, for people or for machines."""
    if as_json:
        print(json.dumps(evaluation_json(evaluation)))
    else:
        Console(width=200).print(policy_table(evaluation, currency=currency))
