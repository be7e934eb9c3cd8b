"""What hits write into the columns of a state."""

import numpy as np
from numpy.typing import NDArray

from features.fact_reader import FactReader, Hits, Index
from features.primitives import BITS, HALF_HOUR_US, Array
from features.state import Layout

_TAKES = ("value", "one", "match", "time", "second", "bit")
_VALUE, _ONE, _MATCH, _TIME, _SECOND, _BIT = range(len(_TAKES))
_SECOND_US = 1_000_000.0


class Writes:
    """Which columns of a layout each probe writes, and what it writes there (see `Part`).

    Parameters: the writes of probe p are `_start[p] : _start[p] + _width[p]` of the arrays.
    """

    def __init__(self, layout: Layout, reader: FactReader) -> None:
        place = {name: position for position, name in enumerate(layout.columns)}
        asked = {probe: index for index, probe in enumerate(reader.probes)}
        written = sorted(
            {
                (asked[part.probe], place[feature.columns_of(part)[0]], part.takes, part.cells, part.of)
                for feature in layout.features
                for part in feature.primitive.parts()
            }
        )
        probe = np.array([each[0] for each in written], dtype=np.intp)
        self._width = np.bincount(probe, minlength=len(reader.probes))
        self._start = np.cumsum(self._width) - self._width
        self._column = np.array([each[1] for each in written], dtype=np.intp)
        self._takes = np.array([_TAKES.index(each[2]) for each in written], dtype=np.intp)
        self._cells = np.array([each[3] for each in written], dtype=np.intp)
        self._of = np.array([each[4] for each in written])

    def any(self, probes: Index) -> NDArray[np.bool_]:
        """Whether each of the probes writes anything."""
        return self._width[probes] > 0

    def of(self, hits: Hits, occurred_us: Array) -> tuple[Index, Index, Array]:
        """Every write of some hits: (the hit, the column, the number)."""
        width = self._width[hits.probes]
        hit = np.repeat(np.arange(len(width)), width)
        nth = np.arange(len(hit)) - np.repeat(np.cumsum(width) - width, width)
        entry = self._start[hits.probes[hit]] + nth
        read, at_us, takes = hits.values[hit], occurred_us[hits.facts[hit]], self._takes[entry]
        return hit, self._column[entry] + self._cell(entry, read, at_us), self._number(entry, read, at_us, takes)

    def _cell(self, entry: Index, read: Array, at_us: Array) -> Index:
        """Which of the columns of its part is written: by the bit, else by the half hour."""
        cell = np.floor(at_us / HALF_HOUR_US).astype(np.intp) % self._cells[entry]
        bit = self._takes[entry] == _BIT
        cell[bit] = read[bit] // BITS
        return cell

    def _number(self, entry: Index, read: Array, at_us: Array, takes: Index) -> Array:
        number = np.where(takes == _TIME, at_us, read)
        number[takes == _ONE] = 1.0
        match, second, bit = takes == _MATCH, takes == _SECOND, takes == _BIT
        number[match] = read[match] == self._of[entry[match]]
        number[second] = at_us[second] // _SECOND_US
        number[bit] = np.ldexp(1.0, (read[bit] % BITS).astype(np.intp))
        return number
