"""The champion that stays, foreseeing anew: its own order beside the models of what is foreseen that passed.

They were judged by themselves, so they serve whatever becomes of the order that was learned with them.
"""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from features.workspace import Gate
from pipelines.candidate import Candidate
from pipelines.composition import Composition
from pipelines.gate_bounds import bounds_in_service
from pipelines.recording.constant_card import renewed_card
from pipelines.served import UNCHANGED, Served
from training.artifact import load_bundle, write_renewed
from training.manifest import kept_path
from training.publication import publish_instead
from training.registry import Registry


def renew_champion(
    composition: Composition, registry: Registry, candidate: Candidate, *, folder: Path, as_of: datetime
) -> Served:
    """Write the champion with what the candidate foresees below `folder`, register it, and let it serve."""
    champion = candidate.champion
    if champion is None:
        return UNCHANGED
    home, gate = composition.home.path, composition.workspace.gate
    foreseen, before = candidate.bundle.foreseen, kept_path(home, champion.version)
    version = write_renewed(replace(champion, foreseen=foreseen), before, folder)
    if version == champion.version:
        return UNCHANGED
    broken = broken_bounds(folder, gate)
    if broken:
        return Served(published=False, told=tuple(f"the champion foresees as before: {reason}" for reason in broken))
    shown = renewed_card(composition, candidate, champion, as_of=as_of)
    with registry.retraining("champion, foreseeing anew", tags={"tsugi.order": champion.version}) as run:
        run.log_text(shown, "model_card.md")
        made = registry.register(run, folder, bundle=version)
        registry.describe(made, shown)
    if not publish_instead(folder, home, number=made.number, of=champion.version):
        return Served(published=False, told=("another bundle became champion meanwhile: it foresees as before",))
    registry.promote(made.number)
    names = ", ".join(foreseen) or "nothing"
    return Served(published=True, told=(f"the champion serves on as version {made.number}, and foresees {names}",))


def broken_bounds(folder: Path, gate: Gate) -> tuple[str, ...]:
    """The bounds of latency and size that a written bundle breaks."""
    checks = bounds_in_service(load_bundle(folder), folder, gate)
    return tuple(check.reason for check in checks if not check.passed)
