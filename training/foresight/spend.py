"""Fitting what customers will spend: a chance as every other, and the amount of those who spend.

Amounts are heavy-tailed and buyers few, so the plain answer, everybody's mean amount, stands unless trees of the
customer's features come nearer to what later buyers spent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # it ships no types

from training.encoding import FeatureEncoder, Floats
from training.foreseen_model import SpendModel
from training.foresight.explained import Explained, explained
from training.foresight.fitting import EventReport, fit_event
from training.foresight.subject import Subject
from training.trees import Rows, Trees
from training.tuning import Search
from training.value.amount import LARGEST, fit_amount
from training.value.quality import ValueQuality

FEWEST_BUYERS = 100
"""Of fewer in a part everybody's mean amount stands."""
CONVINCING = 0.01
"""By this share of the squared error trees must come nearer."""


@dataclass(frozen=True, slots=True)
class SpendReport:
    """How good the model is on the last snapshots, which chose nothing.

    It is judged by its squared error as a share of the variance, amounts cut at `cap`, beside its own chance times
    everybody's mean amount, and everybody's mean.
    Parameters: `chance`, of spending at all; `quality`, of the model, and `simple`, of the plainer one; arrays (n,)
    over the evaluated rows: `customer_id`, `label`, the amounts, `predicted`, `predicted_simple` and `mean`;
    `explained`, in the amount's logarithm, some of these rows (None where the amount is everybody's).
    """

    chance: EventReport
    quality: ValueQuality
    simple: ValueQuality
    customer_id: NDArray[np.object_]
    label: Floats
    predicted: Floats
    predicted_simple: Floats
    mean: Floats
    cap: float
    explained: Explained | None
    margin: ClassVar[float] = 0.02
    """How much worse than its rivals, as a share of the variance, a model may be."""

    @property
    def rivals(self) -> Mapping[str, Floats]:
        """What it must not be worse than, arrays (n,) by name."""
        return {"chance times the mean amount": self.predicted_simple, **self.plain}

    @property
    def plain(self) -> Mapping[str, Floats]:
        """Of these, what knows nothing of a customer."""
        return {"mean of everybody": self.mean}

    def losses(self, predicted: Floats) -> Floats:
        """The loss (n,) of expected amounts (n,)."""
        cut = np.minimum(self.label, self.cap)
        return np.asarray((np.minimum(predicted, self.cap) - cut) ** 2 / max(float(cut.var()), 1e-12))

    def quality_of(self, predicted: Floats) -> ValueQuality:
        """How good other expected amounts (n,) of the same rows are."""
        return ValueQuality.of(self.label, predicted)


def fit_spend(
    parts: Sequence[Rows],
    subject: Subject,
    *,
    encoder: FeatureEncoder,
    search: Search,
    customer_id: NDArray[np.object_],
) -> tuple[SpendModel, SpendReport]:
    """Fit on training rows, choose on validation rows, judge on evaluation rows, refit on the first two.

    Parameters: as of `fit_event`; the labels of `parts` are amounts. Raises `InvalidInputError` where too few of a part
    spend, or too few do not.
    """
    spends = [Rows(part.matrix, (part.label > 0).astype(np.float64)) for part in parts]
    chance, of_chance = fit_event(spends, subject, encoder=encoder, search=search, customer_id=customer_id)
    with threadpool_limits(limits=1):
        amount, scale = _amount(parts[0], parts[1], seed=search.seed)
    model = SpendModel(chance, amount, scale)
    earlier, evaluation = parts[0].join(parts[1]), parts[2]
    plain = SpendModel(chance, None, _mean_amount(earlier))
    predicted, simple = (each.score_matrix(evaluation.matrix) for each in (model, plain))
    return model, SpendReport(
        chance=of_chance,
        quality=ValueQuality.of(evaluation.label, predicted),
        simple=ValueQuality.of(evaluation.label, simple),
        customer_id=customer_id,
        label=evaluation.label,
        predicted=predicted,
        predicted_simple=simple,
        mean=np.full(len(evaluation), float(earlier.label.mean())),
        cap=float(np.quantile(earlier.label[earlier.label > 0], LARGEST)),
        explained=None if amount is None else explained(encoder, amount.contributions, evaluation.matrix),
    )


def _amount(train: Rows, validation: Rows, *, seed: int) -> tuple[Trees | None, float]:
    """Trees and their scale, learned of both parts, where those of the first come nearer to what the second spent."""
    both = train.join(validation)
    buyers = [_buyers(part) for part in (train, validation)]
    if min(map(len, buyers)) < FEWEST_BUYERS:
        return None, _mean_amount(both)
    trees, scale = fit_amount(buyers[0].matrix, buyers[0].label, seed=seed)
    cap = float(np.quantile(buyers[0].label, LARGEST))
    came = np.minimum(buyers[1].label, cap)
    by_trees = np.mean((np.minimum(scale * np.exp(trees.margin(buyers[1].matrix)), cap) - came) ** 2)
    by_mean = np.mean((np.minimum(_mean_amount(train), cap) - came) ** 2)
    if by_trees > (1 - CONVINCING) * by_mean:
        return None, _mean_amount(both)
    every = _buyers(both)
    return fit_amount(every.matrix, every.label, seed=seed)


def _buyers(rows: Rows) -> Rows:
    bought = rows.label > 0
    return Rows(np.ascontiguousarray(rows.matrix[bought]), rows.label[bought])


def _mean_amount(rows: Rows) -> float:
    return float(rows.label[rows.label > 0].mean())
