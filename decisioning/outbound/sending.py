"""When what each customer of a crowd could be offered would go out: as a single decision's `send_at`, in columns."""

from collections.abc import Mapping
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from decisioning.catalog import Placement
from decisioning.condition_time import EPOCH
from decisioning.eligibility import CompiledCatalog
from decisioning.funnel import clock_of
from decisioning.outbound.crowd import Crowd
from decisioning.outbound.likeness import allowed, zones_of
from decisioning.send_time import SendTime
from decisioning.slate import Slate

Times = NDArray[np.int64]
"""Microseconds since 1970 (UTC)."""
_MICROSECOND = timedelta(microseconds=1)


def send_times(crowd: Crowd, slate: Slate, compiled: CompiledCatalog, placement: Placement) -> Mapping[int, Times]:
    """Of each candidate that is put off, by its place in the slate, when it would go out to each customer (n,)."""
    later = {at: each.treatment for at, each in enumerate(slate.candidates) if each.treatment.is_put_off}
    if not later:
        return {}
    known, found = allowed(crowd, compiled, placement), {at: np.zeros(len(crowd), dtype=np.int64) for at in later}
    zones, quiet = zones_of(known, compiled), compiled.slots[placement.name].quiet
    for zone in np.unique(zones):
        places = np.flatnonzero(zones == zone)
        features = known.customer(int(places[0])).features
        local = clock_of(features, now=crowd.as_of, policy=compiled.catalog.contact_policy)
        for at, treatment in later.items():
            moment = SendTime(treatment.wait, treatment.send_hour).after(local, quiet)
            found[at][places] = (moment - EPOCH) // _MICROSECOND
    return found
