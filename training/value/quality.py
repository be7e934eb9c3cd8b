"""How good expected amounts are."""

from dataclasses import dataclass

import numpy as np

from training.encoding import Floats


@dataclass(frozen=True, slots=True)
class ValueQuality:
    """Of customers' amounts.

    Parameters: `mae`, mean absolute error; `correlation`; `gini`, of the order by expectation, as a share of the best
    order's; `bias`, by how much the expected sum exceeds the real one. NaN where undefined.
    """

    n_customers: int
    mae: float
    correlation: float
    gini: float
    bias: float

    @classmethod
    def of(cls, spent: Floats, expected: Floats) -> "ValueQuality":
        """Every measure of these customers (n,)."""
        total = float(spent.sum())
        varied = len(spent) > 1 and spent.std() > 0 and expected.std() > 0
        return cls(
            n_customers=len(spent),
            mae=float(np.abs(spent - expected).mean()) if len(spent) else float("nan"),
            correlation=float(np.corrcoef(spent, expected)[0, 1]) if varied else float("nan"),
            gini=normalised_gini(spent, expected),
            bias=float(expected.sum() / total - 1) if total else float("nan"),
        )


def normalised_gini(spent: Floats, expected: Floats) -> float:
    """The Gini coefficient of amounts in the order of expectation, as a share of that in their own order.

    >>> normalised_gini(np.array([1.0, 2.0, 9.0]), np.array([0.1, 0.2, 0.3]))
    1.0
    """
    best = _gini(spent, spent)
    return _gini(spent, expected) / best if best else float("nan")


def _gini(spent: Floats, order: Floats) -> float:
    ranked = spent[np.argsort(-order, kind="stable")]
    total = ranked.sum()
    return float(np.cumsum(ranked).sum() / total / len(ranked) - 0.5) if total else 0.0
