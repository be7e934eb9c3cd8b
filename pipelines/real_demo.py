"""The loop on real, logged data: learn on earlier waves, value the policy on later ones, say what the gate says."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import TypeVar

from decisioning.customer import CustomerReference
from decisioning.decision import Decision
from decisioning.outcome import Outcome
from features.history import History
from features.identity import IdentityGraph
from features.intake import Arrival
from pipelines.adapter import AdaptedData, adapt
from pipelines.candidate import Candidate
from pipelines.clock import SimulatedClock
from pipelines.composition import Composition, compose
from pipelines.demo import clear_home
from pipelines.demo_summary import show_next
from pipelines.retrain import retrain
from pipelines.retrained import Retrained
from pipelines.stages import Stages
from training.evaluation_report import policy_table

AT_ONCE = 5_000
Item = TypeVar("Item")


def run_real_demo(home: Path, workspace: Path, data: Path) -> Retrained:
    """Import a business's records, learn, judge, and show the table of policy values.

    Raises `NotFoundError` where the data folder or one of its files is missing; nothing was touched then.
    """
    adapted = adapt(workspace, data)
    clear_home(home)
    stages = Stages(total=4)
    clock = SimulatedClock(adapted.waves[-1] + timedelta(days=365))
    with compose(home, workspace, clock=clock) as composition:
        _ingest(composition, adapted, stages)
        _import(composition, adapted, stages)
        done, candidate = _retrain(composition, stages)
        if candidate is not None:
            _show(composition, candidate, stages)
    show_next(stages.console, home, workspace)
    return done


def _ingest(composition: Composition, adapted: AdaptedData, stages: Stages) -> None:
    with stages.stage("Ingest the events as they were") as stage:
        arrival = Arrival(composition.clock(), source="import", backfill=True)
        receipt = composition.intake.load(adapted.events(), arrival)
        stage.result = f"{receipt.accepted:,} events, {receipt.n_rejected:,} rejected"
    with stages.stage("Features: history as it was known then, and the online store") as stage:
        History(composition.home.history, composition.features).catch_up(composition.ledger)
        composition.projection.catch_up()
        stage.result = f"{len(composition.features.names)} features in {len(composition.features.views)} views"


def _import(composition: Composition, adapted: AdaptedData, stages: Stages) -> None:
    with stages.stage("Import the decisions with their probabilities, and what followed") as stage:
        n_decisions = import_decisions(composition, adapted.decisions())
        n_outcomes = import_outcomes(composition, adapted.outcomes())
        stage.result = f"{n_decisions:,} decisions at {len(adapted.waves)} moments, {n_outcomes:,} outcomes"


def import_decisions(composition: Composition, decisions: Iterable[Decision]) -> int:
    """Record decisions that others made, each for the customer its reference means; returns how many."""
    graph, n_decisions = IdentityGraph(composition.ledger), 0
    known: dict[CustomerReference, str] = {}
    for block in _blocks(decisions):
        for decision in block:
            known.setdefault(decision.reference, graph.resolve(decision.reference) or "")
        composition.decisions.record_many(
            [replace(decision, customer_id=known[decision.reference]) for decision in block]
        )
        n_decisions += len(block)
    return n_decisions


def import_outcomes(composition: Composition, outcomes: Iterable[Outcome]) -> int:
    """Take outcomes in as declared history; returns how many were accepted."""
    accepted = 0
    for block in _blocks(outcomes):
        receipt = composition.outcomes.accept(block, received_at=composition.clock(), backfill=True)
        accepted += receipt.accepted
    return accepted


def _blocks(items: Iterable[Item]) -> Iterator[list[Item]]:
    iterator = iter(items)
    while block := list(islice(iterator, AT_ONCE)):
        yield block


def _retrain(composition: Composition, stages: Stages) -> tuple[Retrained, Candidate | None]:
    with stages.stage("Learn from the earlier decisions, and let the gate judge on the later ones") as stage:
        done, candidate = retrain(composition, as_of=composition.clock())
        stage.result = "\n      ".join(done.reasons)
    return done, candidate


def _show(composition: Composition, candidate: Candidate, stages: Stages) -> None:
    evaluation = candidate.judged.evaluation
    stages.console.print()
    stages.console.print(policy_table(evaluation, currency=composition.catalog.catalog.currency))
    what = "the candidate serves" if candidate.verdict.promoted else "the gate refuses the candidate"
    stages.console.print(f"[bold]What serves now:[/] {what}; {candidate.verdict.outcome}")
