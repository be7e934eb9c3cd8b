"""Values what serves beside what it must beat, on the later part of the log."""

import io
import json
from pathlib import Path

from rich.console import Console

from pipelines.champion import champion_bundle
from pipelines.clock import system_clock
from pipelines.composition import compose
from pipelines.materialize import materialize
from pipelines.report_page import Page, write_page
from pipelines.retrain import encoder_of, learnable_log, split_log
from training.bundle_policy import ManyScorer
from training.evaluation import PolicyEvaluation
from training.evaluation_report import evaluation_json, policy_table
from training.judging import CHAMPION_POLICY, judge_bundles
from training.plots import policy_values

WIDTH = 200


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
        Console(width=WIDTH).print(policy_table(evaluation, currency=currency))


def write_evaluation(evaluation: PolicyEvaluation, file: Path, *, currency: str) -> None:
    """Write the table, its picture and what of it the log cannot tell as one HTML file; raises `PageError`."""
    written = io.StringIO()
    Console(file=written, width=WIDTH, force_terminal=False).print(policy_table(evaluation, currency=currency))
    pictures = [policy_values(evaluation, currency=currency)]
    write_page(Page("Policies on the workspace's log", _untold(evaluation), pictures, written.getvalue()), file)


def _untold(evaluation: PolicyEvaluation) -> list[str]:
    covered = {name: row.overlap for name, row in evaluation.policies.items()}
    return [f"UNUSABLE, {name}: {'; '.join(each.problems)}" for name, each in covered.items() if not each.usable]
