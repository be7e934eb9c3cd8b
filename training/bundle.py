"""A loaded bundle: scores candidates for one customer, or for many at once, and says why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np

from decisioning.customer import FeatureValue
from decisioning.ports import Candidate, Scores
from training.encoding import ActionEntry, Floats
from training.foreseen_model import ForeseenModel, foreseen_of_many, foreseen_of_one
from training.response import Candidates, ResponseModel

Key = tuple[str, str, float, float]


@dataclass(frozen=True)
class PolicyBundle:
    """Every model that serves, as one; a `decisioning.ports.Scorer`.

    Parameters: `version`, the hash of the content; `catalog_version` it was trained with; `foreseen`, the models of
    what customers will do whatever is decided, by name.
    """

    version: str
    catalog_version: str
    response: ResponseModel
    foreseen: Mapping[str, ForeseenModel] = field(default_factory=dict)
    kind: Literal["model"] = "model"
    _known: dict[tuple[Key, ...], Candidates] = field(default_factory=dict, repr=False, compare=False)
    _asked: dict[int, tuple[Sequence[Candidate], Candidates]] = field(default_factory=dict, repr=False, compare=False)

    def score(self, features: Mapping[str, FeatureValue], candidates: Sequence[Candidate]) -> Scores:
        """Score the candidates for one customer; features by name, missing and unknown ones tolerated."""
        if not candidates:
            return Scores(np.zeros(0), np.zeros(0))
        row = self.response.layout.features.row(features)
        return Scores(*self.response.of_one(row, self._candidates(candidates)))

    @cached_property
    def is_bounded(self) -> bool:
        """Whether `score` and `foresee` do so many steps and no more: then they can be asked in place."""
        return self.response.is_bounded and all(model.is_bounded for model in self.foreseen.values())

    def foresee(self, features: Mapping[str, FeatureValue]) -> Mapping[str, float]:
        """Everything that is foreseen of one customer, by name: P(comes true within its horizon), or an amount."""
        return foreseen_of_one(self.foreseen, features)

    def foresee_many(self, features: Mapping[str, Iterable[Any]], *, n_rows: int) -> Mapping[str, Floats]:
        """As `foresee`, of n customers, from columns by name; arrays (n,)."""
        return foreseen_of_many(self.foreseen, features, n_rows=n_rows)

    def score_matrix(self, customers: Floats, candidates: Sequence[Candidate]) -> Scores:
        """Score the candidates for n encoded customers (n, n_features); arrays of shape (n, n_candidates)."""
        return Scores(*self.response.of_many(customers, self._candidates(candidates)))

    def encode(self, features: Mapping[str, Iterable[Any]], *, n_rows: int) -> Floats:
        """Columns by name as the matrix that `score_matrix` takes."""
        return self.response.layout.features.matrix(features, n_rows=n_rows)

    def explain(self, features: Mapping[str, FeatureValue], candidate: Candidate) -> tuple[tuple[str, float], ...]:
        """The features that moved the propensity most: (name, contribution in log-odds), largest first."""
        layout = self.response.layout
        customer = layout.features.row(features)
        known = self._candidates([candidate])
        row = known.matrix.copy()
        row[0, : customer.size] = customer
        shares = self.response.contributions(row, organic=bool(known.organic[0]))[0, : customer.size]
        order = np.argsort(-np.abs(shares), kind="stable")
        return tuple((layout.columns[i].name, float(shares[i])) for i in order if shares[i] != 0.0)

    def _candidates(self, candidates: Sequence[Candidate]) -> Candidates:
        """What the model needs of these; one decision after another asks for the very same."""
        asked, known = self._asked.get(id(candidates), _NOTHING)
        if known is None or asked is not candidates:
            known = self._looked_up(candidates)
            if isinstance(candidates, tuple):
                _keep(self._asked, id(candidates), (candidates, known))
        return known

    def _looked_up(self, candidates: Sequence[Candidate]) -> Candidates:
        key = tuple([(c.action.name, c.treatment.name, c.action.value, c.treatment.cost) for c in candidates])
        known = self._known.get(key)
        if known is None:
            known = self.response.candidates([ActionEntry.of(each) for each in candidates])
            _keep(self._known, key, known)
        return known


MOST_SETS = 500
"""Sets of candidates that a bundle remembers, looked up."""
_NOTHING: tuple[Sequence[Candidate], Candidates | None] = (), None


def _keep(kept: dict[Any, Any], key: object, value: object) -> None:
    if len(kept) >= MOST_SETS:
        kept.clear()
    kept[key] = value
