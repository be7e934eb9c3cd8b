"""Models of what customers will do, whatever is decided: the chance of an event, or what they will spend."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from decisioning.customer import FeatureValue
from training.blend import Blend, FixedBlend
from training.calibration import Calibration
from training.encoding import FeatureColumn, FeatureEncoder, Floats, Matrix
from training.trees import Trees


@dataclass(frozen=True)
class EventModel:
    """P(what is foreseen of a customer comes true within the horizon).

    Parameters: `encoder`, its own features in order; `horizon_days`; `foresees`, what, in words ("" of a bundle of an
    earlier release).
    """

    encoder: FeatureEncoder
    blend: Blend
    calibration: Calibration
    horizon_days: float
    foresees: str = ""

    def score(self, features: Mapping[str, FeatureValue]) -> float:
        """One customer's probability."""
        return self.score_row(self.encoder.row(features))

    def score_row(self, customer: Floats) -> float:
        """As `score_matrix`, of one encoded customer (n_features,), in half of the time."""
        return float(self.calibration.apply(self._of_one.margin(customer))[0])

    @property
    def is_bounded(self) -> bool:
        """Whether one customer's score takes so many steps and no more, see `Blend.is_bounded`."""
        return self.blend.is_bounded

    @cached_property
    def _of_one(self) -> FixedBlend:
        return self.blend.fixed(np.full((1, len(self.encoder.columns)), np.nan))

    def score_matrix(self, customers: Matrix) -> Floats:
        """Probabilities (n,) of encoded customers (n, n_features)."""
        return self.calibration.apply(self.blend.margin(customers))


@dataclass(frozen=True)
class SpendModel:
    """What a customer is expected to spend within the horizon: P(spends at all) × E[amount | spends].

    Parameters: `chance`, of spending at all; `amount`, trees of the logarithm of the mean amount of those who do (None:
    it is everybody's); `scale`, that amounts add up, or everybody's mean.
    """

    chance: EventModel
    amount: Trees | None
    scale: float

    @property
    def encoder(self) -> FeatureEncoder:
        """Its features in order."""
        return self.chance.encoder

    @property
    def horizon_days(self) -> float:
        """How far ahead it is foreseen."""
        return self.chance.horizon_days

    @property
    def foresees(self) -> str:
        """What, in words."""
        return self.chance.foresees

    @property
    def is_bounded(self) -> bool:
        """Whether one customer's score takes so many steps and no more."""
        return self.chance.is_bounded and (self.amount is None or self.amount.of_one is not None)

    def score(self, features: Mapping[str, FeatureValue]) -> float:
        """One customer's expected amount, in the unit that events tell it in."""
        customer = self.encoder.row(features)
        return self.chance.score_row(customer) * self._amount(customer)

    def score_matrix(self, customers: Matrix) -> Floats:
        """Expected amounts (n,) of encoded customers (n, n_features)."""
        return self.chance.score_matrix(customers) * self.amounts(customers)

    def amounts(self, customers: Matrix) -> Floats:
        """Amounts (n,) expected of those who spend."""
        if self.amount is None:
            return np.full(len(customers), self.scale)
        rows = np.ascontiguousarray(customers, dtype=np.float64)
        return np.asarray(self.scale * np.exp(self.amount.margin(rows)))

    def _amount(self, customer: Floats) -> float:
        """As `amounts`, of one customer (n_features,)."""
        if self.amount is None or self.amount.of_one is None:
            return float(self.amounts(customer.reshape(1, -1))[0])
        return float(self.scale * np.exp(self.amount.of_one.margin(customer)[0]))


ForeseenModel = EventModel | SpendModel
"""What a bundle foresees by: a probability, or an amount."""


def foreseen_of_one(models: Mapping[str, ForeseenModel], features: Mapping[str, FeatureValue]) -> dict[str, float]:
    """What models by name foresee of one customer, from features by name."""
    return {name: model.score(features) for name, model in models.items()}


def foreseen_of_many(
    models: Mapping[str, ForeseenModel], features: Mapping[str, Iterable[Any]], *, n_rows: int
) -> dict[str, Floats]:
    """As `foreseen_of_one`, of n customers, from columns by name; arrays (n,)."""
    return {name: model.score_matrix(model.encoder.matrix(features, n_rows=n_rows)) for name, model in models.items()}


def columns_read(models: Mapping[str, ForeseenModel]) -> tuple[FeatureColumn, ...]:
    """The features that models by name read, each once."""
    return tuple({column.name: column for model in models.values() for column in model.encoder.columns}.values())
