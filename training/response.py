"""How customers respond: P(aim reached | not shown), what showing adds to it, and so propensity and uplift.

Two pooled models over customer and action columns. The baseline is learned from the many decisions at which an action
was *not* shown; the effect is learned from the few at which it was, in log-odds on top of the baseline. Uplift is the
calibrated difference, drawn toward each action's average. An action whose aim is never seen unless it is shown has no
baseline and no uplift: its effect starts from its stated propensity.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from training.blend import Blend, FixedBlend, levels, pairs
from training.calibration import Calibration
from training.encoding import ActionEntry, Floats, Layout, Matrix
from training.logistic import log_odds
from training.shrinkage import Shrinkage
from training.specialists import FixedSpecialist, Specialists
from training.uplift.own_effect import FixedOwnEffect, OwnEffects

PAIRS_AT_ONCE = 16_384
"""Pairs of a customer and a candidate that are scored at once; it bounds memory."""


Placed = tuple[NDArray[np.int64], Floats]
"""Values of some candidates: where they stand, and what they are."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the model needs of m candidates, looked up once.

    Parameters: `matrix` (m, n_columns), the customer part empty; `baseline` and `effect`, fixed for them, and so the
    `specialists` and `own_effects` of their actions; arrays (m,):
    `starting` propensity and its log-odds `stated`; `trust` in the model against it; `organic`, whether the aim is also
    seen where it was not shown; `known`, whether uplift is (and so `all_known`: of every one, and the aim too);
    `center`, the average uplift.
    """

    matrix: Matrix
    baseline: FixedBlend | None
    effect: FixedBlend
    specialists: Sequence[FixedSpecialist]
    own_effects: Sequence[FixedOwnEffect]
    starting: Floats
    stated: Floats
    trust: Floats
    organic: NDArray[np.bool_]
    known: NDArray[np.bool_]
    all_known: bool
    center: Floats


@dataclass(frozen=True)
class ResponseModel:
    """Propensity and uplift of every candidate.

    Parameters: `baseline` is None where no action has a conversion; the calibrations are of P(· | not shown) and
    P(· | shown); `seen`, shown rows by action, and `information`, what those say of the action's level in log-odds
    (n ȳ (1 − ȳ), the inverse of its variance); `specialists` add to the effect of the actions that earned one;
    `own_effects` take the place of the uplift of those whose learner proved better.
    """

    layout: Layout
    baseline: Blend | None
    effect: Blend
    baseline_calibration: Calibration
    shown_calibration: Calibration
    shrinkage: Shrinkage
    seen: dict[str, int]
    specialists: Specialists = field(default_factory=Specialists)
    own_effects: OwnEffects = field(default_factory=OwnEffects)
    information: dict[str, float] = field(default_factory=dict)

    @property
    def is_bounded(self) -> bool:
        """Whether every part of it is, see `Blend.is_bounded`; own effects are LightGBM's to score."""
        parts = [self.effect, *([] if self.baseline is None else [self.baseline]), *self.specialists.own.values()]
        return not self.own_effects.by_code and all(part.is_bounded for part in parts)

    def candidates(self, entries: Sequence[ActionEntry]) -> Candidates:
        """Look the candidates up; an unknown action has its columns' unknowns and no evidence."""
        actions = self.layout.actions.encode_all(entries)
        matrix = np.hstack([np.full((len(entries), len(self.layout.features.columns)), np.nan), actions])
        starting = np.array([entry.starting_propensity for entry in entries], dtype=np.float64)
        evidence = np.array([entry.starting_evidence for entry in entries], dtype=np.float64)
        seen = np.array([self.seen.get(entry.action, 0) for entry in entries], dtype=np.float64)
        organic = np.array([entry.has_conversion for entry in entries], dtype=bool) & (self.baseline is not None)
        return Candidates(
            matrix=matrix,
            baseline=None if self.baseline is None else self.baseline.fixed(matrix),
            effect=self.effect.fixed(matrix),
            specialists=self.specialists.fixed(matrix),
            own_effects=self.own_effects.fixed(matrix),
            starting=starting,
            stated=log_odds(starting),
            trust=seen / np.maximum(seen + evidence, 1e-9),
            organic=organic,
            known=organic & (seen > 0),
            all_known=bool((organic & (seen > 0)).all()),
            center=levels(self.shrinkage.centers, actions[:, 0]),
        )

    def of_one(self, customer: Floats, candidates: Candidates) -> tuple[Floats, Floats]:
        """Propensity and uplift (m,) of one encoded customer (n_features,)."""
        quiet = None if candidates.baseline is None else candidates.baseline.margin(customer)
        effect = candidates.effect.margin(customer)
        for own in candidates.specialists:
            effect[own.places] += own.margin(customer)
        if not candidates.own_effects:
            return self._respond(quiet, effect, candidates, ())
        matrix = pairs(customer[np.newaxis], candidates.matrix)
        own_uplift = [(each.places, each.uplift(matrix)[0]) for each in candidates.own_effects]
        return self._respond(quiet, effect, candidates, own_uplift)

    def of_many(self, customers: Floats, candidates: Candidates) -> tuple[Floats, Floats]:
        """Propensity and uplift (n, m) of encoded customers (n, n_features), a block of them at a time."""
        step = max(1, PAIRS_AT_ONCE // max(len(candidates.starting), 1))
        blocks = [customers[start : start + step] for start in range(0, max(len(customers), 1), step)]
        propensity, uplift = zip(*(self._of_block(block, candidates) for block in blocks), strict=True)
        return np.concatenate(propensity), np.concatenate(uplift)

    def _of_block(self, customers: Floats, candidates: Candidates) -> tuple[Floats, Floats]:
        quiet = None if candidates.baseline is None else candidates.baseline.margins(customers)
        effect = candidates.effect.margins(customers)
        for own in candidates.specialists:
            effect[:, own.places] += own.margins(customers)
        matrix = pairs(customers, candidates.matrix) if candidates.own_effects else None
        own_uplift = [(each.places, each.uplift(matrix)) for each in candidates.own_effects if matrix is not None]
        return self._respond(quiet, effect, candidates, own_uplift)

    def contributions(self, matrix: Matrix, *, organic: bool) -> Floats:
        """Each column's share of P(aim | shown) in log-odds, before calibration; (n, n_columns + 1).

        Parameters: `organic`, whether the rows' actions have a baseline.
        """
        effect = self.effect.contributions(matrix) + self.specialists.contributions(matrix)
        return effect if self.baseline is None or not organic else effect + self.baseline.contributions(matrix)

    def _respond(
        self, quiet: Floats | None, effect: Floats, candidates: Candidates, own_uplift: Sequence[Placed]
    ) -> tuple[Floats, Floats]:
        """From log-odds (…, m): the baseline's, where it says something, and what showing adds.

        Parameters: `own_uplift` (…, k) of some candidates, in probability.
        """
        start = candidates.stated
        if quiet is not None:
            start = quiet if candidates.all_known else np.where(candidates.organic, quiet, candidates.stated)
        not_shown = self.baseline_calibration.apply(start)
        shown = self.shown_calibration.apply(start + effect)
        drawn = not_shown + candidates.center + self.shrinkage.slope * (shown - not_shown - candidates.center)
        for places, uplift in own_uplift:
            drawn[..., places] = not_shown[..., places] + uplift
        drawn = np.minimum(np.maximum(drawn, 0.0), 1.0)
        modelled = drawn if candidates.all_known else np.where(candidates.organic, drawn, shown)
        propensity = candidates.trust * modelled + (1.0 - candidates.trust) * candidates.starting
        uplift = propensity - not_shown
        return propensity, uplift if candidates.all_known else np.where(candidates.known, uplift, np.nan)
