"""Reading the same probe of many facts at once: numbers and parts of the day, which most facts have, as columns."""

from collections.abc import Sequence

import numpy as np

from features.fact import Fact
from features.primitives import Array
from features.readings import FACT_READINGS, HOURS_A_PART
from features.runs import Places
from features.selector import Probe, Reading

_HOUR_US = 3_600_000_000
_MISSING = object()
_NUMBERS = {int, float}


class BulkReading:
    """What one probe reads of facts of the right type and name with the right first property."""

    def __init__(self, probe: Probe, reading: Reading) -> None:
        self._probe = probe
        self._reading = reading
        is_settled = len(probe.selector.where) < 2
        self._is_number = is_settled and bool(probe.reads) and not (probe.via or probe.one_of)
        self._is_daypart = is_settled and probe.via == "daypart"
        self._is_of_value = is_settled and bool(probe.reads) and probe.via not in FACT_READINGS

    def read(self, facts: Sequence[Fact]) -> tuple[Places, Array]:
        """The places of the facts that are looked at, and the number of each: as the reading, one by one."""
        found = self._numbers(facts) if self._is_number else self._dayparts(facts) if self._is_daypart else None
        return found or self._one_by_one(facts)

    def _one_by_one(self, facts: Sequence[Fact]) -> tuple[Places, Array]:
        name, is_of_value = self._probe.reads, self._is_of_value
        values = [None if is_of_value and name not in fact[2] else self._reading(fact) for fact in facts]
        told = [place for place, value in enumerate(values) if value is not None]
        return np.array(told, dtype=np.intp), np.array([values[place] for place in told], dtype=np.float64)

    def _numbers(self, facts: Sequence[Fact]) -> tuple[Places, Array] | None:
        """Where every fact that has the property has a number there."""
        name = self._probe.reads
        given = [fact[2].get(name, _MISSING) for fact in facts]
        places = np.arange(len(given))
        if _MISSING in given:
            places = np.array([place for place, value in enumerate(given) if value is not _MISSING], dtype=np.intp)
            given = [value for value in given if value is not _MISSING]
        if not _NUMBERS.issuperset(map(type, given)):
            return None
        try:
            values = np.array(given, dtype=np.float64)
        except OverflowError:
            return None
        values[~np.isfinite(values)] = np.nan
        usable = values == values if self._probe.required else slice(None)
        return places[usable], values[usable]

    def _dayparts(self, facts: Sequence[Fact]) -> tuple[Places, Array] | None:
        """Where no fact names its time zone."""
        if any(fact.timezone for fact in facts):
            return None
        occurred_us = np.array([fact.occurred_us for fact in facts], dtype=np.int64)
        return np.arange(len(facts)), (occurred_us // _HOUR_US % 24 // HOURS_A_PART).astype(np.float64)
