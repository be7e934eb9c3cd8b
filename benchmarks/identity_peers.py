"""What stands beside our own matching: Splink with its own library, and equal values alone."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import splink.comparison_library as library
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from splink import Linker, SettingsCreator, block_on
from splink.backends.duckdb import DuckDBAPI
from splink.internals.comparison_creator import ComparisonCreator

from features.matching.candidate import Places
from features.matching.people import Field, People
from features.matching.splink_settings import column_of, frame_of

THRESHOLD = 4.0
"""Match weight above which Splink's pairs count, chosen without the truth."""

_SINGLE = {"email", "birth_date", "postal_code", "national_id"}


def by_splink(people: People) -> list[int]:
    """Splink's comparisons for each kind, blocking on equal values, trained without labels; connected components."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    rules: list[Any] = [block_on(*(column_of(field, people.fields) for field in fields)) for fields in _rules(people)]
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[_comparison(field, people) for field in people.fields],
        blocking_rules_to_generate_predictions=rules,
    )
    api = DuckDBAPI()
    linker = Linker(api.register(frame_of(people)), settings, log_level=None)
    linker.training.estimate_probability_two_random_records_match(rules[:2], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in rules[:2]:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    pairs = linker.inference.predict(threshold_match_weight=THRESHOLD).as_pandas_dataframe()  # type: ignore[no-untyped-call] # Splink types it not
    return _connected(len(people), pairs["unique_id_l"].to_numpy(), pairs["unique_id_r"].to_numpy())


def by_equal_values(people: People) -> list[int]:
    """Records that share an identifying value, or both names and one value more, are of one person."""
    first: list[int] = []
    second: list[int] = []
    for fields in _rules(people):
        seen: dict[tuple[str, ...], int] = {}
        for place in range(len(people)):
            values = tuple(people.values[field.name][place] for field in fields)
            if all(values) and len(fields) > 1:
                first.append(seen.setdefault(values, place))
                second.append(place)
    return _connected(len(people), np.array(first, np.int64), np.array(second, np.int64))


def _rules(people: People) -> list[tuple[Field, ...]]:
    """Fields on whose equality pairs are found: identifying ones, both names, a name with one of place or work."""
    given = [field for field in people.fields if field.kind == "given"][:1]
    surname = [field for field in people.fields if field.kind == "surname"][:1]
    alone = [(field,) for field in people.fields if field.kind in _SINGLE]
    others = [field for field in people.fields if field.kind in _SINGLE | {"city"}]
    pairs = [(name, other) for name in given + surname for other in others]
    return [*alone, (*given, *surname), *pairs]


def _comparison(field: Field, people: People) -> ComparisonCreator:
    column = column_of(field, people.fields)
    if field.kind in {"given", "surname"}:
        return library.NameComparison(column).configure(term_frequency_adjustments=True)
    if field.kind in {"birth_date", "national_id"}:
        return library.DamerauLevenshteinAtThresholds(column, [1, 2])
    if field.kind == "email":
        return library.JaroWinklerAtThresholds(column, [0.9, 0.8])
    if field.kind in {"gender", "region", "occupation"}:
        return library.ExactMatch(column).configure(term_frequency_adjustments=True)
    return library.LevenshteinAtThresholds(column, [1, 2]).configure(term_frequency_adjustments=True)


def _connected(n: int, first: Sequence[int] | Places, second: Sequence[int] | Places) -> list[int]:
    ends = np.asarray(first, np.int64), np.asarray(second, np.int64)
    edges = coo_matrix((np.ones(len(first)), ends), (n, n))
    labels: list[int] = connected_components(edges, directed=False)[1].tolist()
    return labels
