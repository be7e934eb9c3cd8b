"""Reading the same probe of many facts at once: numbers, and what is read of a whole fact, as columns."""

import numpy as np

from features.fact_columns import FactColumns
from features.number import numbers_of
from features.primitives import Array
from features.readings import COLUMN_READINGS, FACT_READINGS
from features.runs import Places
from features.selector import Probe, Reading

_MISSING = object()
_NO_PLACES, _NO_NUMBERS = np.empty(0, dtype=np.intp), np.empty(0)


class BulkReading:
    """What one probe reads of facts of one type and name with the right first property."""

    def __init__(self, probe: Probe, reading: Reading) -> None:
        self._probe = probe
        self._reading = reading
        is_settled = len(probe.selector.where) < 2
        self._is_of_value = is_settled and bool(probe.reads) and probe.via not in FACT_READINGS
        self._is_number = self._is_of_value and not (probe.via or probe.one_of)
        self._of_columns = COLUMN_READINGS.get(probe.via) if is_settled else None

    def read(self, facts: FactColumns) -> tuple[Places, Array]:
        """The places of the facts that are looked at, and the number of each: as the reading, one by one."""
        if not self._probe.counts_one_currency or facts.currencies <= {"", self._probe.currency}:
            return self._read(facts)
        chosen = [at for at, said in enumerate(facts.properties) if self._probe.is_in_its_currency(said)]
        places, values = self._read(facts.at(chosen)) if chosen else (_NO_PLACES, _NO_NUMBERS)
        return np.array(chosen, dtype=np.intp)[places], values

    def _read(self, facts: FactColumns) -> tuple[Places, Array]:
        if self._is_of_value and self._probe.reads not in facts.named:
            return _NO_PLACES, _NO_NUMBERS
        if self._is_number:
            return self._numbers(facts)
        values = self._of_columns(facts) if self._of_columns else None
        return self._one_by_one(facts) if values is None else self._usable(np.arange(len(facts)), values)

    def _one_by_one(self, facts: FactColumns) -> tuple[Places, Array]:
        name, is_of_value = self._probe.reads, self._is_of_value
        values = [None if is_of_value and name not in fact[2] else self._reading(fact) for fact in facts.facts]
        told = [place for place, value in enumerate(values) if value is not None]
        return np.array(told, dtype=np.intp), np.array([values[place] for place in told], dtype=np.float64)

    def _numbers(self, facts: FactColumns) -> tuple[Places, Array]:
        name = self._probe.reads
        given = [said.get(name, _MISSING) for said in facts.properties]
        places = np.arange(len(given))
        if _MISSING in given:
            places = np.array([place for place, value in enumerate(given) if value is not _MISSING], dtype=np.intp)
            given = [value for value in given if value is not _MISSING]
        return self._usable(places, numbers_of(given))

    def _usable(self, places: Places, values: Array) -> tuple[Places, Array]:
        usable = values == values if self._probe.required else slice(None)
        return places[usable], values[usable]
