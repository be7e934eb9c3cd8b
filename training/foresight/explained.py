"""What each feature does to what is foreseen, on a few of the customers who judged the model."""

from collections.abc import Callable
from dataclasses import dataclass

from training.dataset import even_rows
from training.encoding import FeatureEncoder, Floats, Matrix

ROWS = 500
"""Customers whose contributions are drawn and averaged."""


@dataclass(frozen=True, slots=True)
class Explained:
    """Arrays (n, n_features): what is `known` of some customers, and each one's share of their score (SHAP).

    Parameters: `names` of the features, in order.
    """

    names: tuple[str, ...]
    known: Floats
    contributions: Floats


def explained(encoder: FeatureEncoder, contributions: Callable[[Matrix], Floats], customers: Matrix) -> Explained:
    """An even sample of encoded customers (n, n_features).

    Parameters: `contributions`, of rows: (n, n_features + 1), the last what all start from.
    """
    rows = customers[even_rows(len(customers), ROWS)].astype(float)
    return Explained(tuple(column.name for column in encoder.columns), rows, contributions(rows)[:, :-1])
