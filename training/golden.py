"""Golden rows: made-up customers with the scores a bundle gave them when it was written. Never a customer's data."""

from collections.abc import Mapping, Sequence
from math import isclose
from typing import Any

import numpy as np
from numpy.typing import NDArray

from decisioning.errors import ArtifactError
from decisioning.foresight import foreseen_by
from decisioning.ports import Candidate, Scores
from training.encoding import FeatureColumn, FeatureEncoder

N_ROWS = 12
TOLERANCE = 1e-9


def golden_features(columns: Sequence[FeatureColumn], *, seed: int = 0) -> list[dict[str, float | str | None]]:
    """Made-up customers: numbers of many sizes, every kind of word, and gaps."""
    rng = np.random.default_rng(seed)
    return [{column.name: _made_up(column, rng) for column in columns} for _ in range(N_ROWS)]


def golden_matrix(columns: Sequence[FeatureColumn]) -> NDArray[np.float64]:
    """The same as rows of a model's matrix (n, n_columns)."""
    encoder = FeatureEncoder(tuple(columns))
    return np.array([encoder.row(row) for row in golden_features(columns)])


def _made_up(column: FeatureColumn, rng: np.random.Generator) -> float | str | None:
    if rng.random() < 0.15:
        return None
    if column.kind == "category":
        return str(rng.choice([*column.categories, "no such word"]))
    return float(np.round(rng.choice([-1.0, 1.0, 1.0]) * 10.0 ** rng.uniform(-2.0, 4.0), 3))


def expected(bundle: Any, rows: Sequence[dict[str, Any]], candidates: Sequence[Candidate]) -> dict[str, Any]:
    """What the bundle says of every row: lists of lists, None where undefined; and by name what it foresees."""
    scores = [bundle.score(row, candidates) for row in rows]
    told = {name: [_list(getattr(each, name)) for each in scores] for name in ("propensity", "uplift", "priority")}
    return {**told, "foreseen": [dict(foreseen_by(bundle, row)) for row in rows]}


def check_golden(bundle: Any, rows: Sequence[dict[str, Any]], candidates: Sequence[Candidate], wanted: Any) -> None:
    """Raise `ArtifactError` where a score differs from what was written, or is not a probability.

    Bundles written before say nothing of what is foreseen.
    """
    for position, row in enumerate(rows):
        scores = bundle.score(row, candidates)
        _check_sane(scores, position)
        for name in ("propensity", "uplift", "priority"):
            _check_equal(getattr(scores, name), wanted[name][position], f"golden row {position}, {name}")
        if "foreseen" in wanted:
            _check_foreseen(foreseen_by(bundle, row), wanted["foreseen"][position], f"golden row {position}, foreseen")


def _check_sane(scores: Scores, position: int) -> None:
    p = scores.propensity
    if not (np.isfinite(p).all() and (p >= 0).all() and (p <= 1).all()):
        raise ArtifactError(f"golden row {position}: propensities {p.tolist()}, expected probabilities")


def _check_equal(given: Any, wanted: Any, where: str) -> None:
    now = _list(given)
    if now is None or wanted is None:
        same = now is wanted is None
    else:
        one, other = (np.array([np.nan if x is None else x for x in each]) for each in (now, wanted))
        same = one.shape == other.shape and np.allclose(one, other, rtol=0.0, atol=TOLERANCE, equal_nan=True)
    if not same:
        raise ArtifactError(f"{where}: scored {now}, expected {wanted}")


def _check_foreseen(given: Mapping[str, float], wanted: Mapping[str, float], where: str) -> None:
    """Amounts may be large, and differ by as much more."""
    if given.keys() != wanted.keys():
        raise ArtifactError(f"{where}: {', '.join(given) or 'nothing'}, expected {', '.join(wanted) or 'nothing'}")
    for name, found in given.items():
        if not isclose(found, wanted[name], rel_tol=TOLERANCE, abs_tol=TOLERANCE):
            raise ArtifactError(f"{where}.{name}: scored {found}, expected {wanted[name]}")


def _list(values: Any) -> list[float | None] | None:
    if values is None:
        return None
    return [None if np.isnan(value) else float(value) for value in values]
