"""All features of a workspace, compiled: the one definition that the past and the present share."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from decisioning.condition_kind import Kinds
from decisioning.customer import FeatureValue
from decisioning.errors import InvalidInputError
from features.fact_reader import FactReader
from features.feature import Feature
from features.group.company import Company
from features.group.derivation import GroupDerivation
from features.journey.declared import DeclaredJourneys
from features.journey.derivation import JourneyDerivation
from features.lift import View
from features.packing import pack, unpack
from features.primitives import Array
from features.state import Layout
from features.steps import Steps
from features.whole import Whole

NAN = float("nan")


class FeatureSet:
    """Features, the state they need, and the pure function from (state, now) to their values.

    Parameters: `features`, in the order of the documented vector; names must differ. `ttl`, by view, how long a row
    that nothing changes is believed. `journeys`, whose stages and scores complete the features.

    >>> features = FeatureSet.load(None)
    >>> len(features.names) >= 80
    True
    >>> features.values(features.empty(1), now_us=0)["orders"]
    0.0
    """

    def __init__(
        self,
        features: Sequence[Feature],
        *,
        ttl: Mapping[str, timedelta] | None = None,
        journeys: DeclaredJourneys | None = None,
    ) -> None:
        self.journeys = journeys or DeclaredJourneys()
        self.features = (*features, *self.journeys.features)
        self.names = tuple(feature.name for feature in self.features)
        _refuse_twice(self.names)
        _refuse_scattered(self.features)
        self.layout = Layout(self.features)
        self.columns = self.layout.columns
        self.reader = FactReader(part.probe for f in self.features for part in f.primitive.parts())
        self.views = _views(self.features, self.reader, ttl or {})
        self._nothing = {view.name: pack(np.full((1, len(view.columns)), np.nan))[0] for view in self.views}
        self._placed = _placed(self.columns, self.views)
        self._words = tuple((f.name, dict(enumerate(f.one_of))) for f in self.features if f.kind == "category")
        self.groups = GroupDerivation(self.features, self.columns)
        self._derivation = JourneyDerivation(self.journeys.journeys, self.features)

    @classmethod
    def load(
        cls, features_yaml: Path | None, journeys_yaml: Path | None = None, *, catalog_yaml: Path | None = None
    ) -> "FeatureSet":
        """The built-in features, those that a workspace declares, and those that its catalogue's names bring.

        Raises `FeatureFileError`, naming file and line, where a declaration cannot be used.
        """
        from features.feature_file import DeclaredFeatures, read_feature_file
        from features.generated import CatalogNames, generated, names_in
        from features.group.declared import read_groups
        from features.group.standard import group_features
        from features.journey.file import read_journey_file
        from features.money import in_currency
        from features.standard import STANDARD_FEATURES

        taken = frozenset(f.name for f in STANDARD_FEATURES)
        declared = read_feature_file(features_yaml, taken=taken) if features_yaml else DeclaredFeatures()
        names = names_in(catalog_yaml) if catalog_yaml else CatalogNames()
        kept = taken if declared.standard is None else declared.standard
        standard = tuple(f for f in STANDARD_FEATURES if f.name in kept)
        every = (*standard, *generated(names, declared.generate), *declared.features)
        features = tuple(in_currency(feature, names.currency) for feature in every)
        journeys = read_journey_file(journeys_yaml, features) if journeys_yaml else None
        of_groups = group_features(read_groups(declared.groups, features), features)
        return cls((*features, *of_groups), ttl=declared.ttl, journeys=journeys)

    @cached_property
    def purposes(self) -> Mapping[str, tuple[str, ...]]:
        """What features may be used for, each purpose with their names."""
        named = sorted({purpose for feature in self.features for purpose in feature.purposes})
        return {each: tuple(f.name for f in self.features if each in f.purposes) for each in named}

    @cached_property
    def descriptions(self) -> Mapping[str, str]:
        """What each feature says, in a sentence, by name."""
        return {each.name: each.description for each in self.features}

    @cached_property
    def kinds(self) -> Kinds:
        """What each feature is to a condition, by name."""
        return {each.name: "word" if each.kind == "category" else each.kind for each in self.features}

    @cached_property
    def steps(self) -> Steps:
        """What takes single facts into the states of the views."""
        return Steps(self.views, self.reader)

    @cached_property
    def whole(self) -> Whole:
        """What takes many facts into the rows of all views at once."""
        return Whole(self.views, self.reader)

    @property
    def fingerprint(self) -> str:
        """A hash of everything that stored state depends on; stores made with another one are rebuilt."""
        said = "\n".join(f"{f.name}|{f.view}|{f.primitive!r}" for f in self.features)
        return hashlib.blake2b(said.encode(), digest_size=8).hexdigest()

    def view(self, name: str) -> View:
        """The view of that name; raises `KeyError`."""
        return {view.name: view for view in self.views}[name]

    def empty(self, n: int) -> Array:
        """The state of n customers of whom nothing is known, shape (n, n_state)."""
        return np.full((n, len(self.columns)), np.nan)

    def state(self, columns: Mapping[str, float | None]) -> Array:
        """One customer's state from named columns, shape (1, n_state); what is missing is empty.

        >>> FeatureSet.load(None).state({"orders__n": 2.0}).shape[0]
        1
        """
        get = columns.get
        return np.array([[get(name, NAN) for name in self.columns]], dtype=np.float64)

    def joined(self, states: Mapping[str, bytes]) -> Array:
        """One customer's state, shape (1, n_state), from what is packed of each view; a view that is missing is empty.

        Raises: `UnavailableError` where another definition packed it.
        """
        return self.joined_all([states])

    def joined_all(self, states: Sequence[Mapping[str, bytes]]) -> Array:
        """As `joined`, of many customers, shape (n, n_state)."""
        packed = [b"".join([of_one.get(view, nothing) for view, nothing in self._nothing.items()]) for of_one in states]
        return unpack(packed, len(self.columns))[:, self._placed]

    def placed(self, told: Iterable[tuple[int, str, bytes]], n: int) -> Array:
        """As `joined_all`, of n customers, from what is packed: of whom, by place, which view, and what."""
        by_view: dict[str, tuple[list[int], list[bytes]]] = {}
        for place, view, packed in told:
            places, rows = by_view.setdefault(view, ([], []))
            places.append(place)
            rows.append(packed)
        joined = self.empty(n)
        for view, columns in self._columns_by_view.items():
            if view in by_view:
                places, rows = by_view[view]
                joined[places, columns] = unpack(rows, columns.stop - columns.start)
        return joined.take(self._placed, axis=1)

    @cached_property
    def _columns_by_view(self) -> Mapping[str, slice]:
        """Where the columns of each view stand when those of all are joined."""
        ends = np.cumsum([len(view.columns) for view in self.views]).tolist()
        return {view.name: slice(end - len(view.columns), end) for view, end in zip(self.views, ends, strict=True)}

    def at(self, state: Array, now_us: NDArray[np.int64] | Array, *, company: Company | None = None) -> Array:
        """The documented features at a moment each: the one function for one customer and for a whole history.

        Parameters: `state`, shape (n, n_state), columns as `columns` names them; `now_us`, shape (n,), microseconds
        since the epoch; `company`, who is in their groups (None: nobody is in any). Returns shape (n, n_features), in
        the order of `names`; categories as codes, NaN where nothing is known.
        """
        values = self.layout.at(state, now_us)
        if company:
            self.groups.fill(values, company, np.asarray(now_us, dtype=np.float64))
        self._derivation.fill(values)
        return values

    def values(self, state: Array, *, now_us: int, company: Company | None = None) -> dict[str, FeatureValue]:
        """One customer's features by name at a moment: categories as words, None where nothing is known.

        Parameters: `company`, as of `at`.
        """
        row = self.layout.at_one(state, float(now_us))
        if company:
            values = np.array([row])
            self.groups.fill(values, company, np.array([float(now_us)]))
            row = values[0].tolist()
        named: dict[str, FeatureValue] = {n: v if v == v else None for n, v in zip(self.names, row, strict=True)}
        for name, words in self._words:
            code = named[name]
            named[name] = None if code is None else words[int(code)]
        self.complete(named)
        return named

    def complete(self, values: dict[str, FeatureValue]) -> None:
        """Put what is computed from other features into one customer's values: stages and scores of journeys."""
        self._derivation.complete(values)

    def defaults(self) -> dict[str, FeatureValue]:
        """The features of a customer of whom nothing is known."""
        return self.values(self.empty(1), now_us=0)

    def words(self, name: str, codes: Array) -> list[str | None]:
        """A category's codes, shape (n,), as words.

        Raises `KeyError` where the feature is not a category.
        """
        vocabulary = dict(self._words)[name]
        return [None if np.isnan(code) else vocabulary[int(code)] for code in codes]


def _views(features: Sequence[Feature], reader: FactReader, ttl: Mapping[str, timedelta]) -> tuple[View, ...]:
    by_view = sorted((feature for feature in features if feature.columns), key=lambda feature: feature.view)
    return tuple(
        View(name, tuple(members), reader=reader, ttl=ttl.get(name))
        for name, members in groupby(by_view, key=lambda feature: feature.view)
    )


def _placed(columns: Sequence[str], views: Sequence[View]) -> NDArray[np.intp]:
    """Where each of the columns stands when the views' columns are joined."""
    joined = {name: place for place, name in enumerate(column for view in views for column in view.columns)}
    return np.array([joined[name] for name in columns], dtype=np.intp)


def _refuse_twice(names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidInputError(f"features declared twice: {', '.join(twice)}", code="invalid_features", field=twice[0])


def _refuse_scattered(features: Sequence[Feature]) -> None:
    """Features that share state columns are of one view."""
    views: dict[str, str] = {}
    for feature in features:
        if not any(part.shared for part in feature.primitive.parts()):
            continue
        kind, given = feature.primitive.kind, feature.view
        if (view := views.setdefault(kind, given)) != given:
            message = f"feature {feature.name!r}: a {kind} belongs into the view {view!r}, given {given!r}"
            raise InvalidInputError(message, code="invalid_features", field=feature.name)
