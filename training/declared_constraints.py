"""The constraints that a workspace declares of its features, for the models that foresee what customers accept."""

from collections.abc import Collection, Iterable
from hashlib import sha256

import orjson

from decisioning.errors import InvalidInputError
from features.feature_set import FeatureSet
from features.workspace import Training
from training.constraints import Constraints
from training.encoding import Layout


def check_constraints(training: Training, features: FeatureSet) -> None:
    """Raise `InvalidInputError`, with the setting, of a feature that does not exist, or has no order to rise in."""
    numbers = [feature.name for feature in features.features if feature.kind == "number"]
    seen = [feature.name for feature in features.features if feature.kind != "moment"]
    _check("rising", training.rising, numbers, "number")
    _check("falling", training.falling, numbers, "number")
    _check("together", (name for group in training.together for name in group), seen, "number or category")


def _check(key: str, names: Iterable[str], allowed: Collection[str], kind: str) -> None:
    for name in names:
        if name not in allowed:
            told = f"{name!r} is no {kind} feature; allowed: {', '.join(allowed)}"
            raise InvalidInputError(told, field=f"training.{key}")


def constraints_of(training: Training, layout: Layout) -> Constraints:
    """What `[training]` says, by column; the columns of the action may interact with any feature."""
    n_features = len(layout.features.columns)
    place = {column.name: number for number, column in enumerate(layout.features.columns)}
    signs = {**{place[name]: 1 for name in training.rising}, **{place[name]: -1 for name in training.falling}}
    groups = tuple(tuple(place[name] for name in group) for group in training.together)
    return Constraints(signs, groups, tuple(range(n_features, len(layout.columns))))


def constraints_version(training: Training) -> str:
    """The hash of what is declared, in whatever order; "" where nothing is.

    >>> constraints_version(Training(rising=("age",))) == constraints_version(Training(falling=("age",)))
    False
    >>> constraints_version(Training())
    ''
    """
    groups = sorted(sorted(group) for group in training.together)
    told = {"rising": sorted(training.rising), "falling": sorted(training.falling), "together": groups}
    return sha256(orjson.dumps(told)).hexdigest()[:12] if any(told.values()) else ""
