"""Decides once from the command line, by the code that serves."""

from dataclasses import asdict
from pathlib import Path
from typing import Any
from uuid import uuid4

from decisioning.decide import decide
from decisioning.decision import Decision, DecisionRequest
from pipelines.champion import champion_scorer
from pipelines.composition import compose
from pipelines.reference import reference_of


def decide_once(
    home: Path, workspace: Path, identifier: str, placement: str, request_id: str | None = None
) -> dict[str, Any]:
    """Decide for one customer and record it; the decision in plain data, without what it read of the customer."""
    reference = reference_of(identifier)
    with compose(home, workspace) as composition:
        named = composition.named(reference)
        request = DecisionRequest(request_id or f"cli-{uuid4()}", named, placement, channel="")
        composition.scorer = champion_scorer(composition.home.path)
        return _plain(decide(request, ports=composition.ports(explained=1), now=composition.clock()))


def _plain(decision: Decision) -> dict[str, Any]:
    left_out = {"features", "reference", "seed", "contacts_version", "constraints"}
    shown = {name: value for name, value in asdict(decision).items() if name not in left_out}
    return {**shown, "decided_at": decision.decided_at.isoformat()}
