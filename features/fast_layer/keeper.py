"""Keeps the fast layer of what serves now; until there is one, the bundle's scores stand alone, and that is said."""

import sqlite3
from datetime import datetime, timedelta

from decisioning.catalog import Catalog
from decisioning.errors import InvalidInputError, UnavailableError
from decisioning.fast_layer.layer import Ground
from decisioning.fast_layer.scorer import FastScorer
from decisioning.ports import Scorer
from features.fast_layer.origin import Origin, OriginOf
from features.fast_layer.projection import FastProjection, latest_of, usual
from features.fast_layer.section import Learning
from features.fast_layer.shown import Reading
from features.instant import to_us
from features.ledger import Ledger

FAST_LAYER = "fast_layer"
"""The name among a decision's `degraded` that says recent answers are not in its scores."""


MOST_AGAIN = 20_000
"""Decisions that a layer looks at again when it is made: they bound how long a start, or a promotion, takes."""


class FastKeeper:
    """The fast layer beside the bundle and the catalogue that serve.

    Parameters: `learning`, the workspace's settings; `origin` of a bundle's version; `window`, the goal's: a
    training leaves decisions out that are younger, where a bundle does not say until when it learned.
    """

    def __init__(self, ledger: Ledger, learning: Learning, *, origin: OriginOf, window: timedelta) -> None:
        self._ledger, self._learning = ledger, learning
        self._origin, self._window = origin, window
        self._kept: tuple[tuple[str, str], FastProjection] | None = None

    def primed(self, scorer: Scorer, catalog: Catalog) -> bool:
        """Whether it has been made for these, or is turned off."""
        return not self._learning.fast or self._projection(scorer, catalog) is not None

    def prime(self, scorer: Scorer, catalog: Catalog) -> None:
        """Make it for these, from what the bundle has not learned of the last `MOST_AGAIN` decisions.

        Raises: `UnavailableError` where the ledger cannot be read, `ArtifactError` where the bundle cannot.
        """
        if self.primed(scorer, catalog):
            return
        origin = self._origin(scorer.version)
        since_us = latest_of(self._ledger, MOST_AGAIN, since_us=0 if origin is None else to_us(self._known(origin)))
        regressors = usual(self._ledger, self._learning.features, until_us=since_us)
        reading = Reading(scorer, catalog, regressors, since_us)
        projection = FastProjection(self._ledger, reading, self._learning.belief, ground=_ground(origin, since_us))
        projection.catch_up()
        self._kept = ((scorer.version, catalog.version), projection)

    def corrected(self, scorer: Scorer, catalog: Catalog, *, now: datetime) -> tuple[Scorer, tuple[str, ...]]:
        """The scorer with everything answered up to now, and what to say where that is not to be had."""
        if not self._learning.fast:
            return scorer, ()
        projection = self._projection(scorer, catalog)
        try:
            return (scorer, (FAST_LAYER,)) if projection is None else (_caught_up(projection, now), ())
        except (UnavailableError, sqlite3.Error):
            return scorer, (FAST_LAYER,)

    def _known(self, origin: Origin) -> datetime:
        """Until when the bundle has learned."""
        return origin.learned_until or origin.trained_at - self._window

    def _projection(self, scorer: Scorer, catalog: Catalog) -> FastProjection | None:
        kept = self._kept
        return kept[1] if kept and kept[0] == (scorer.version, catalog.version) else None


def _ground(origin: Origin | None, until_us: int) -> Ground | None:
    return None if origin is None else Ground(origin.information, until_us)


def _caught_up(projection: FastProjection, now: datetime) -> FastScorer:
    projection.catch_up()
    return projection.scorer(to_us(now))


def known_features(learning: Learning, names: tuple[str, ...]) -> None:
    """Refuse features that do not exist. Raises `InvalidInputError`."""
    unknown = [name for name in learning.features if name not in names]
    if unknown:
        raise InvalidInputError(f"[learning] features: {unknown[0]!r} is no feature here", field="learning.features")
