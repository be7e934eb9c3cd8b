"""Columns made fit for a linear model: tails drawn in, standardised, cut at terciles, missing flagged, words spread.

Logistic regression on a few quantile steps beside the plain numbers was the best single model on later data wherever we
measured; the steps are what lets it see thresholds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.encoding import FeatureColumn, Floats, Matrix

CLIP = 4.0
"""Standardised numbers are cut here: one wild value moves a score by a bounded amount."""
STRAIGHT = 10.0
"""As a multiple of the largest number, a scale at which asinh is a straight line to one part in six hundred."""
LARGEST = 1e15
"""Sizes beyond this are taken for it: their squares would be infinite."""
TERCILES = (1 / 3, 2 / 3)
WHOLE = frozenset({"numbers", "bends", "steps", "flags", "words"})
"""The arrays that hold positions and codes."""
LATER = frozenset({"bends", "knots"})
"""The arrays that bundles written before do not have."""
COLUMNS_AT_ONCE = 16
"""Columns whose center and scale are found together; each step on the way there copies them."""
RARE = 0.02
"""A step or flag that fewer rows (or all but fewer) reach is left out."""


@dataclass(frozen=True)
class Expansion:
    """The learned expansion of some columns of a matrix.

    Parameters: over the numeric columns at `numbers`, `spreads` (the scale inside asinh), `centers` and `scales`;
    `bends` and `knots`, places in `numbers` and the standardised values above which they rise anew; `steps` and `cuts`,
    columns and the values above which they are 1; `flags`, columns whose absence is 1;
    `words` (n_words, 2), column and code.
    """

    numbers: NDArray[np.int64]
    spreads: Floats
    centers: Floats
    scales: Floats
    bends: NDArray[np.int64]
    knots: Floats
    steps: NDArray[np.int64]
    cuts: Floats
    flags: NDArray[np.int64]
    words: NDArray[np.int64]

    @classmethod
    def fit(
        cls,
        matrix: Matrix,
        columns: Sequence[FeatureColumn],
        *,
        only: Sequence[int],
        quantiles: Sequence[float] = TERCILES,
        bent: bool = False,
        plain: bool = False,
    ) -> "Expansion":
        """Learn from training rows (n, n_columns), of the columns `only`; constant ones are left out.

        Parameters: `quantiles`, where numbers are cut into steps; none leaves them plain; `bent`, whether their effect
        may have another slope above their median; `plain`, whether the tails of numbers that have none are left alone.
        """
        every = [i for i in only if columns[i].kind == "number"]
        numbers = [i for i in every if np.std(_seen(matrix[:, i])) > 0]
        spreads = np.array([_spread(matrix[:, i], plain=plain) for i in numbers])
        centers, scales, knots = _standard(matrix, numbers, spreads, bent=bent)
        steps = [(i, cut) for i in numbers for cut in _cuts(matrix[:, i], quantiles)]
        flags = [i for i in every if RARE < np.isnan(matrix[:, i]).mean() < 1 - RARE]
        words = [(i, code) for i in only for code in range(len(columns[i].categories))]
        return cls(
            numbers=np.array(numbers, dtype=np.int64),
            spreads=spreads,
            centers=centers,
            scales=scales,
            bends=np.array(list(knots), dtype=np.int64),
            knots=np.array(list(knots.values()), dtype=np.float64),
            steps=np.array([i for i, _ in steps], dtype=np.int64),
            cuts=np.array([cut for _, cut in steps], dtype=np.float64),
            flags=np.array(flags, dtype=np.int64),
            words=np.array(words, dtype=np.int64).reshape(-1, 2),
        )

    @cached_property
    def width(self) -> int:
        """How many columns `apply` gives, the intercept included."""
        return len(self.sources)

    @cached_property
    def sources(self) -> NDArray[np.int64]:
        """The matrix column behind each expanded column; −1 for the intercept."""
        return np.concatenate(
            [[-1], self.numbers, self.numbers[self.bends], self.steps, self.flags, self.words[:, 0]]
        ).astype(np.int64)

    @cached_property
    def smooth(self) -> NDArray[np.int64]:
        """The expanded columns that are no steps."""
        _, _, steps, flags, _ = self._ends
        return np.delete(np.arange(self.width), np.s_[steps:flags])

    @cached_property
    def _ends(self) -> tuple[int, int, int, int, int]:
        first, *others = accumulate(map(len, (self.numbers, self.bends, self.steps, self.flags)), initial=1)
        bends, steps, flags, words = others
        return first, bends, steps, flags, words

    def signs(self, by_column: Mapping[int, int]) -> NDArray[np.int64]:
        """The sign (width,) wanted of each expanded column's coefficient, by matrix column; 0 where any will do."""
        out = np.zeros(self.width, dtype=np.int64)
        first, _, _, last, _ = self._ends
        out[first:last] = [by_column.get(int(source), 0) for source in self.sources[first:last]]
        return out

    def apply(self, matrix: Matrix, out: NDArray[Any] | None = None) -> NDArray[Any]:
        """The design matrix (n, width), intercept first, as precise as the matrix; in `out` where one is given."""
        out = np.empty((len(matrix), self.width), dtype=matrix.dtype) if out is None else out
        out[:, 0] = 1.0
        numbers, bends, steps, flags, words = self._ends
        spreads, centers, scales = (part.astype(matrix.dtype) for part in (self.spreads, self.centers, self.scales))
        drawn = (_drawn_in(matrix[:, self.numbers] / spreads) - centers) / scales
        drawn[np.isnan(drawn)] = 0.0
        np.clip(drawn, -CLIP, CLIP, out=out[:, numbers:bends], casting="same_kind")
        np.maximum(out[:, numbers + self.bends] - self.knots, 0.0, out=out[:, bends:steps], casting="same_kind")
        np.greater(matrix[:, self.steps], self.cuts, out=out[:, steps:flags])
        np.isnan(matrix[:, self.flags], out=out[:, flags:words])
        out[:, words:] = 0.0
        for source, places in self._word_places:
            self._mark(out[:, words:], matrix[:, source], places)
        return out

    def one(self, row: NDArray[np.float64]) -> NDArray[np.float64]:
        """As `apply`, of one row (n_columns,); gives (width,). It takes a quarter of the time."""
        out = np.zeros(self.width)
        numbers, bends, steps, flags, words = self._ends
        drawn = (_drawn_in(row.take(self.numbers) / self.spreads) - self.centers) / self.scales
        drawn[np.isnan(drawn)] = 0.0
        out[0] = 1.0
        out[numbers:bends] = np.minimum(np.maximum(drawn, -CLIP), CLIP)
        if self.bends.size:
            out[bends:steps] = np.maximum(out.take(numbers + self.bends) - self.knots, 0.0)
        if self.steps.size:
            out[steps:flags] = row.take(self.steps) > self.cuts
        if self.flags.size:
            out[flags:words] = np.isnan(row.take(self.flags))
        for source, places in self._word_places:
            code = float(row[source])
            if 0.0 <= code < len(places) and code.is_integer() and places[int(code)] >= 0:
                out[words + places[int(code)]] = 1.0
        return out

    @staticmethod
    def _mark(out: NDArray[Any], codes: Matrix, places: NDArray[np.int64]) -> None:
        """Write 1 where the word of each row (n,) has its column; `places` by code, −1 without one."""
        known = np.flatnonzero((codes >= 0) & (codes < len(places)) & (codes == np.floor(codes)))
        column = places[codes[known].astype(np.int64)]
        out[known[column >= 0], column[column >= 0]] = 1.0

    @cached_property
    def _word_places(self) -> list[tuple[int, NDArray[np.int64]]]:
        """Each column of words, with the place of each of its codes among all words."""
        found = []
        for source in np.unique(self.words[:, 0]):
            mine = np.flatnonzero(self.words[:, 0] == source)
            places = np.full(int(self.words[mine, 1].max()) + 1, -1, dtype=np.int64)
            places[self.words[mine, 1]] = mine
            found.append((int(source), places))
        return found

    def to_json(self) -> dict[str, Any]:
        """Its arrays, as lists."""
        return {name: getattr(self, name).tolist() for name in (field.name for field in fields(self))}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "Expansion":
        """The expansion again; raises KeyError, TypeError or ValueError where an array is missing or not numeric."""
        kinds = {name: np.int64 if name in WHOLE else np.float64 for name in (field.name for field in fields(cls))}
        told = {**{name: [] for name in LATER}, **given}
        arrays: dict[str, Any] = {name: np.array(told[name], dtype=kind) for name, kind in kinds.items()}
        return cls(**{**arrays, "words": arrays["words"].reshape(-1, 2)})


def _drawn_in(values: Matrix) -> Matrix:
    """asinh, by logarithm: a third of the time of numpy's own, and of less precision only below 1e-8."""
    size = np.minimum(np.abs(values), LARGEST)
    drawn: Matrix = np.copysign(np.log(size + np.sqrt(size * size + 1.0)), values)
    return drawn


def _seen(values: Matrix) -> Matrix:
    finite = values[np.isfinite(values)]
    return finite if finite.size else np.zeros(1)


def _spread(values: Matrix, *, plain: bool) -> float:
    known = _seen(values)
    sizes = np.abs(known)
    if plain and not _has_tails(known):
        return STRAIGHT * float(sizes.max(initial=1.0))
    return float(np.median(sizes[sizes > 0])) if (sizes > 0).any() else 1.0


def _has_tails(known: Matrix) -> bool:
    """Whether more than one value in a thousand would be cut off."""
    return bool(np.quantile(np.abs(known - known.mean()), 0.999) > CLIP * known.std())


def _standard(
    matrix: Matrix, numbers: Sequence[int], spreads: Floats, *, bent: bool
) -> tuple[Floats, Floats, dict[int, float]]:
    """Centers, scales and (where `bent`) knots of the columns `numbers`, some columns at a time: it bounds memory."""
    centers, scales, knots = np.zeros(len(numbers)), np.ones(len(numbers)), dict[int, float]()
    for start in range(0, len(numbers), COLUMNS_AT_ONCE):
        some = slice(start, start + COLUMNS_AT_ONCE)
        drawn = _drawn_in(matrix[:, numbers[some]] / spreads[some])
        centers[some], scales[some] = np.nanmean(drawn, axis=0), np.maximum(np.nanstd(drawn, axis=0), 1e-9)
        if bent:
            found = _knots((drawn - centers[some]) / scales[some])
            knots |= {start + place: knot for place, knot in found.items()}
    return centers, scales, knots


def _knots(standardised: Matrix) -> dict[int, float]:
    """The median of each column that has enough on either side of it, by its place."""
    medians = np.nanmedian(standardised, axis=0) if standardised.size else np.zeros(0)
    above = np.nanmean(standardised > medians, axis=0) if standardised.size else np.zeros(0)
    return {place: float(medians[place]) for place, share in enumerate(above) if RARE < share < 1 - RARE}


def _cuts(values: Matrix, quantiles: Sequence[float]) -> list[float]:
    cuts = np.unique(np.quantile(_seen(values), quantiles))
    return [float(cut) for cut in cuts if RARE < np.mean(values > cut) < 1 - RARE]
