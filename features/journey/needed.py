"""Which features the map of a journey needs, and the state columns behind them."""

from collections.abc import Iterable, Mapping

from decisioning.journey import Journey
from features.feature import Feature
from features.feature_set import FeatureSet


def needed_features(features: FeatureSet, journeys: Iterable[Journey]) -> tuple[Feature, ...]:
    """The features that the maps of these journeys look at."""
    declared = features.journeys
    names = {*declared.channels.values(), *(complaint.feature for complaint in declared.complaints)}
    names = names.union(*(journey.features | {journey.value} for journey in journeys))
    return tuple(feature for feature in features.features if feature.name in names and feature.columns)


def columns_by_view(needed: Iterable[Feature]) -> Mapping[str, tuple[str, ...]]:
    """The state columns of features, by view; one that features share is there once."""
    found: dict[str, tuple[str, ...]] = {}
    for feature in needed:
        found[feature.view] = tuple(dict.fromkeys((*found.get(feature.view, ()), *feature.columns)))
    return found
