"""How well clusters agree with the truth, where it is known: for scoring only."""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Agreement:
    """Clusters against true ones.

    Parameters: B-cubed `precision`, `recall`, `f1` (Bagga and Baldwin 1998: averages over records of the share of
    their cluster, or of their true one, that is right); `pair_f1`, of pairs of records; `largest`, `largest_true`,
    records of the largest cluster.
    """

    precision: float
    recall: float
    f1: float
    pair_f1: float
    largest: int
    largest_true: int


def agreement(cluster: Sequence[Hashable], truth: Sequence[Hashable]) -> Agreement:
    """Compare clusters with the truth, record by record.

    >>> found = agreement(["a", "a", "b", "b"], [1, 1, 1, 2])
    >>> round(found.precision, 3), round(found.recall, 3), found.pair_f1
    (0.75, 0.667, 0.4)
    """
    both, found, true = Counter(zip(cluster, truth, strict=True)), Counter(cluster), Counter(truth)
    n = len(truth)
    precision = sum(k * k / found[c] for (c, _), k in both.items()) / n
    recall = sum(k * k / true[t] for (_, t), k in both.items()) / n
    right, pairs = _pairs(both), _pairs(found) + _pairs(true)
    return Agreement(
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / (precision + recall),
        pair_f1=2 * right / pairs if pairs else 1.0,
        largest=max(found.values()),
        largest_true=max(true.values()),
    )


def _pairs(counts: Counter[Hashable] | Counter[tuple[Hashable, Hashable]]) -> int:
    return sum(n * (n - 1) // 2 for n in counts.values())
