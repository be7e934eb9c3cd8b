"""The best constant action, made to serve where nothing is shown to be better: with exploration.

What is foreseen was judged by itself, so it serves beside it, within the gate's bounds of latency and size.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from features.workspace import Gate
from pipelines.candidate import Candidate
from pipelines.composition import Composition
from pipelines.gate_bounds import bounds_in_service
from pipelines.recording.constant_card import constant_card
from pipelines.served import Served
from training.artifact import load_bundle
from training.constant import ConstantBundle
from training.publication import publish
from training.registry import Registry

Write = Callable[[ConstantBundle, Path], str]
"""Writes a bundle into a folder, and gives its version."""


@dataclass(frozen=True, slots=True)
class WrittenConstant:
    """A constant bundle as it will serve.

    Parameters: `broken`, the bounds that it does not keep with what is foreseen: then it was written without.
    """

    bundle: ConstantBundle
    folder: Path
    version: str
    broken: tuple[str, ...] = ()


def write_constant(constant: ConstantBundle, folder: Path, *, gate: Gate, write: Write) -> WrittenConstant:
    """Write a constant bundle below `folder`, without what is foreseen where that breaks a bound of the gate."""
    whole = folder / "whole"
    written = WrittenConstant(constant, whole, write(constant, whole))
    checks = bounds_in_service(load_bundle(whole), whole, gate) if constant.foreseen else []
    broken = tuple(check.reason for check in checks if not check.passed)
    if not broken:
        return written
    alone, bare = replace(constant, foreseen={}), folder / "bare"
    return WrittenConstant(alone, bare, write(alone, bare), broken)


def serve_constant(
    composition: Composition, registry: Registry, candidate: Candidate, *, folder: Path, as_of: datetime, write: Write
) -> Served:
    """Write the constant bundle below `folder`, register and publish it; what is told is why it foresees nothing."""
    written = write_constant(candidate.constant, folder, gate=composition.workspace.gate, write=write)
    told = tuple(f"what is foreseen does not serve beside it: {reason}" for reason in written.broken)
    shown = constant_card(composition, candidate, written.bundle, as_of=as_of, told=told)
    with registry.retraining("best constant action") as run:
        run.log_text(shown, "model_card.md")
        version = registry.register(run, written.folder, bundle=written.version)
        registry.describe(version, shown)
    publish(written.folder, composition.home.path, number=version.number)
    registry.promote(version.number)
    return Served(published=True, told=told)
