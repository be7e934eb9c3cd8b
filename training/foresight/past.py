"""Features of snapshots as they were known then, read from history once for all that is foreseen."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from features.feature_set import FeatureSet
from features.historical import training_frame
from features.home import Home
from training.foresight.snapshot import Snapshots, joined
from training.freed import give_back

SERVICE = "churn"
"""Feast's name for what is asked; every service of ours has every view."""


@dataclass(frozen=True)
class Past:
    """Where features as they were known are read from: through Feast."""

    home: Home
    features: FeatureSet

    def of(self, snapshots: Snapshots) -> pd.DataFrame:
        """The documented features of the snapshots, a column each, as they were known then."""
        times = pd.to_datetime(snapshots.at_us, unit="us", utc=True)
        entities = pd.DataFrame({"customer_id": snapshots.customer_id, "event_timestamp": times})
        return training_frame(self.home, self.features, entities, service=SERVICE)

    def reading(self, parts: Iterable[Snapshots]) -> "ReadOnce":
        """The same of all these snapshots, read when the first of them are asked for."""
        return ReadOnce(self, tuple(parts))


@dataclass(frozen=True)
class ReadOnce:
    """The past of some snapshots: several subjects ask about the same customers at the same moments."""

    past: Past
    parts: tuple[Snapshots, ...]

    @property
    def features(self) -> FeatureSet:
        """The definitions that were in force."""
        return self.past.features

    def of(self, snapshots: Snapshots) -> pd.DataFrame:
        """As `Past.of`, of snapshots that are among the parts."""
        index, frame = self._read
        return frame.iloc[index.get_indexer(_index(snapshots))]

    @cached_property
    def _read(self) -> tuple[pd.MultiIndex, pd.DataFrame]:
        every = joined(self.parts)
        once = every.take(~_index(every).duplicated())
        found = self.past.of(once)
        give_back()
        return _index(once), found


def _index(snapshots: Snapshots) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([snapshots.customer_id, snapshots.at_us])
