"""Brings the feature history, the online store and Feast's registry up to the ledger."""

from dataclasses import dataclass
from pathlib import Path

from features.history import History
from pipelines.composition import Composition, compose


@dataclass(frozen=True, slots=True)
class Materialized:
    """Up to which record the history reaches, and how many features and views Feast knows."""

    records: int
    features: int
    views: int


def materialize_features(home: Path, workspace: Path) -> Materialized:
    """Write what is new in the ledger to the history, catch the online store up, and apply the definitions to Feast."""
    with compose(home, workspace) as composition:
        return materialize(composition)


def materialize(composition: Composition) -> Materialized:
    """As `materialize_features`, on an open home."""
    from features.feast_repo import apply

    records = History(composition.home.history, composition.features).catch_up(composition.ledger)
    composition.projection.catch_up()
    apply(composition.home, composition.features, stores=composition.workspace.stores)
    return Materialized(records, len(composition.features.names), len(composition.features.views))


def materialized_in_words(result: Materialized) -> str:
    """One line."""
    return f"{result.features} features in {result.views} views, as of record {result.records:,}"
