"""Makes serve what the gate says: the candidate, the champion that stays, or the best constant action."""

from datetime import datetime
from functools import partial
from pathlib import Path

from pipelines.candidate import Candidate
from pipelines.composition import Composition
from pipelines.renew_champion import renew_champion
from pipelines.serve_constant import serve_constant
from pipelines.served import Served
from training.artifact import write_bundle
from training.manifest import read_manifest
from training.monitoring.reference import without_scores
from training.promotion import CANDIDATE
from training.publication import publish
from training.registry import Registry


def serve_verdict(
    composition: Composition,
    registry: Registry,
    candidate: Candidate,
    *,
    version: int,
    folder: Path,
    as_of: datetime,
) -> Served:
    """Publish what may serve, and move the registry's aliases.

    Parameters: `version`, the candidate's number in the registry; `folder`, below which it was written.
    """
    if candidate.verdict.serve == "candidate":
        publish(folder / CANDIDATE, composition.home.path, number=version)
        registry.promote(version)
        return Served(published=True)
    if candidate.verdict.serve == "champion":
        registry.challenge(version)
        return renew_champion(composition, registry, candidate, folder=folder / "renewed", as_of=as_of)
    return _serve_constant(composition, registry, candidate, folder=folder, as_of=as_of)


def _serve_constant(
    composition: Composition, registry: Registry, candidate: Candidate, *, folder: Path, as_of: datetime
) -> Served:
    learned = read_manifest(folder / CANDIDATE)
    write = partial(
        write_bundle,
        created_at=as_of,
        learned_until=datetime.fromisoformat(learned["learned_until"]),
        entries=candidate.bundle.response.layout.actions.entries,
        report=without_scores(learned["report"]),
    )
    return serve_constant(composition, registry, candidate, folder=folder / "constant", as_of=as_of, write=write)
