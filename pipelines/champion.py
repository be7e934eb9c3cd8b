"""The bundle that serves, as the command line loads it."""

from collections.abc import Mapping
from pathlib import Path

from decisioning.cold_start import CatalogScorer
from decisioning.ports import Scorer
from training.artifact import load_bundle
from training.bundle_json import Bundle
from training.foreseen_model import ForeseenModel
from training.manifest import champion_path, kept_path


def champion_bundle(home: Path) -> Bundle | None:
    """The published champion; None where none is. Raises `ArtifactError` where it was altered."""
    folder = champion_path(home)
    return None if folder is None else load_bundle(folder)


def scorer_of(home: Path, version: str) -> Scorer:
    """The bundle of a version that was published here, or the catalogue's own propensities ("none").

    Raises `NotFoundError` where it is not kept, `ArtifactError` where it was altered.
    """
    return CatalogScorer() if version == CatalogScorer.version else load_bundle(kept_path(home, version))


def foreseen_by(bundle: Bundle | None) -> Mapping[str, ForeseenModel]:
    """The models of what customers will do that a bundle has, whether it learned an order of its own or not."""
    return bundle.foreseen if bundle else {}


def champion_scorer(home: Path) -> Scorer:
    """What serves from a home: the published champion, or the catalogue's own starting propensities."""
    return champion_bundle(home) or CatalogScorer()
