"""The published bundles that serve: verified apart, swapped whole, the last good ones kept."""

from pathlib import Path
from threading import Lock

from decisioning.cold_start import CatalogScorer
from decisioning.errors import ArtifactError
from decisioning.ports import Scorer, is_bounded
from features.home import Home
from features.rollout_pointer import CHALLENGER, read_rollout, rollout_path
from serving.challenger import Challenger
from serving.in_time import InTime, Lane
from serving.kept import Kept
from serving.metrics import Metrics

POINTER = "champion.json"
"""The file that publication replaces last; it names the bundle that shall serve."""
MOST_LOADED = 3


class Shelf:
    """The bundles that this process loaded last, so that going back to one of them takes no trial.

    Keyed by the hash of a manifest, which names the hash of every other file.
    """

    def __init__(self) -> None:
        self._loaded: dict[str, Scorer] = {}
        self._lock = Lock()

    def bundle(self, folder: Path) -> Scorer:
        """Give the bundle of a folder: the one in memory, or one that was tried. Raises `ArtifactError`."""
        from training.manifest import manifest_digest
        from training.trial import load_tried

        digest = manifest_digest(folder)
        found = self._loaded.get(digest) or load_tried(folder)
        is_bounded(found)  # whoever asks first has every tree read: here nobody waits for it
        with self._lock:
            self._loaded.pop(digest, None)
            self._loaded[digest] = found
            for oldest in list(self._loaded)[:-MOST_LOADED]:
                del self._loaded[oldest]
        return found


def model_store(home: Home, shelf: Shelf, *, metrics: Metrics) -> Kept[Scorer]:
    """Keep the published champion; before the first one the catalogue's own starting propensities score."""
    first: Scorer = CatalogScorer()
    return Kept(
        "bundle",
        home.bundles / POINTER,
        load=lambda: _champion(home, shelf),
        version_of=lambda scorer: scorer.version,
        first=first,
        metrics=metrics,
    )


def challenger_store(home: Home, shelf: Shelf, *, metrics: Metrics) -> Kept[Challenger | None]:
    """Keep the published challenger; None before the first one, and after the last one ended."""
    lane = Lane()
    first: Challenger | None = None
    return Kept(
        "challenger",
        rollout_path(home.path),
        load=lambda: _challenger(home, shelf, lane),
        version_of=lambda challenger: challenger.pointer.version if challenger else "none",
        first=first,
        metrics=metrics,
    )


def bundle_of(home: Home, shelf: Shelf, version: str) -> Scorer:
    """The bundle of a version that was published here, or the catalogue's own propensities ("none").

    Raises `NotFoundError` where it is not kept, `ArtifactError` where it was altered.
    """
    if version == CatalogScorer.version:
        return CatalogScorer()
    from training.manifest import kept_path

    return shelf.bundle(kept_path(home.path, version))


def _champion(home: Home, shelf: Shelf) -> Scorer:
    from training.manifest import champion_path

    path = champion_path(home.path)
    if path is None:
        raise ArtifactError(f"{home.bundles / POINTER} names no published bundle")
    return shelf.bundle(path)


def _challenger(home: Home, shelf: Shelf, lane: Lane) -> Challenger | None:
    pointer = read_rollout(home.path)
    if pointer is None or pointer.mode == "ended":
        return None
    from training.manifest import published_path

    folder = published_path(home.path, pointer.version, pointer.sha256, pointer=CHALLENGER)
    return Challenger(pointer, InTime(shelf.bundle(folder), lane))
