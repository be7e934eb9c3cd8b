"""Trains without labels, with Splink: u by sampling pairs at random, m by expectation maximisation within blocks."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from splink import Linker, block_on
from splink.backends.duckdb import DuckDBAPI
from splink.internals.exceptions import EMTrainingException

from features.matching.comparison import Comparison
from features.matching.people import Field, People
from features.matching.splink_settings import column_of, frame_of, macros_of, settings_of
from features.matching.unit import Unit

RANDOM_PAIRS = 300_000
TRAINING_PAIRS = 300_000
"""Pairs of one blocking rule that are learned from, at most."""
FEWEST_PAIRS = 30
"""A rule with fewer teaches nothing."""
DOUBT = 20.0
"""Pairs of one person's worth of belief in the default configuration's own m."""
SEED = 7


@dataclass(frozen=True, slots=True)
class Trained:
    """Probabilities of each degree of one field, from the lowest: in pairs of one person, and of two."""

    m: tuple[float, ...]
    u: tuple[float, ...]


def train(people: People, units: Sequence[Unit]) -> dict[Field, Trained]:
    """The parameters of every field that `units` compare; the defaults where there is nobody to compare."""
    if len(people) < 2:
        return {
            field: _mixed_with_nothing(comparison)
            for unit in units
            for field, comparison in zip(unit.fields, unit.comparisons, strict=True)
        }
    logging.getLogger("splink").setLevel(logging.ERROR)
    connection = duckdb.connect()
    try:
        for macro in macros_of(units).values():
            connection.execute(macro)
        api = DuckDBAPI(connection=connection)
        linker = Linker(api.register(frame_of(people)), settings_of(units, people.fields), log_level=None)
        pairs = min(RANDOM_PAIRS, len(people) * (len(people) - 1) // 2)
        linker.training.estimate_u_using_random_sampling(
            max_pairs=RANDOM_PAIRS, seed=SEED, min_count_per_level=None, num_chunks=1
        )
        matches = _taught(linker, people, units)
        settings = linker.misc.save_model_to_json()
        return {
            field: _trained(settings, column_of(field, people.fields), comparison, matches[field], pairs)
            for unit in units
            for field, comparison in zip(unit.fields, unit.comparisons, strict=True)
        }
    finally:
        connection.close()


def _taught(linker: Linker, people: People, units: Sequence[Unit]) -> dict[Field, float]:
    """Run one session of expectation maximisation per rule; how many pairs of one person taught each field."""
    matches = {field: 0.0 for unit in units for field in unit.fields}
    for rule in training_rules(people, units):
        columns = [column_of(field, people.fields) for field in rule.fields]
        share = _session(linker, columns)
        learners = [field for unit in units if not set(unit.fields) & set(rule.fields) for field in unit.fields]
        for field in learners:
            matches[field] += share * min(rule.n_pairs, TRAINING_PAIRS)
    return matches


def _session(linker: Linker, columns: Sequence[str]) -> float:
    """The share of pairs of one person among those that agree on the columns; 0 where they teach nothing."""
    try:
        session = linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*columns), max_pairs=TRAINING_PAIRS, record_sample_proportion=1.0
        )
    except (EMTrainingException, ValueError):
        # Splink refuses a probability that underflows: all pairs are of one person, or none is.
        return 0.0
    return float(session.core_model_settings.probability_two_random_records_match)


@dataclass(frozen=True, slots=True)
class Rule:
    """Pairs that agree on some fields teach the others. Parameters: `n_pairs`, how many there are."""

    fields: tuple[Field, ...]
    n_pairs: int


def training_rules(people: People, units: Sequence[Unit]) -> list[Rule]:
    """One rule for each field whose values belong to few people, and one for given name and surname together."""
    identifying = [unit.fields for unit in units if len(unit.fields) == 2 or unit.comparisons[0].identifies]
    if len(units) < 2:
        return []
    rules = [Rule(fields, _pairs_agreeing(people, fields)) for fields in identifying]
    return [rule for rule in rules if rule.n_pairs >= FEWEST_PAIRS]


def _pairs_agreeing(people: People, fields: Sequence[Field]) -> int:
    counts: dict[tuple[str, ...], int] = {}
    for values in zip(*(people.values[field.name] for field in fields), strict=True):
        if all(values):
            counts[values] = counts.get(values, 0) + 1
    return sum(n * (n - 1) // 2 for n in counts.values())


def _trained(settings: dict[str, Any], column: str, comparison: Comparison, matches: float, pairs: int) -> Trained:
    """Splink's parameters, from the lowest degree, drawn towards the defaults where little was seen."""
    found = next(entry for entry in settings["comparisons"] if entry["output_column_name"] == column)
    levels = [level for level in reversed(found["comparison_levels"]) if not level.get("is_null_level")]
    m = _mixed([level.get("m_probability") for level in levels], comparison.default_m, matches, DOUBT)
    floor = tuple(1.0 / len(levels) for _ in levels)
    u = _mixed([level.get("u_probability") for level in levels], floor, float(max(pairs, 1)), 1.0)
    return Trained(m, u)


def _mixed_with_nothing(comparison: Comparison) -> Trained:
    levels = len(comparison.names)
    return Trained(comparison.default_m, (1.0 / levels,) * levels)


def _mixed(found: Sequence[Any], default: Sequence[float], n_found: float, n_default: float) -> tuple[float, ...]:
    """Two distributions as one, each weighing as many pairs as it stands for."""
    seen = np.array([value if isinstance(value, float) else 0.0 for value in found])
    total = seen.sum()
    weighed = n_default * np.array(default) + (n_found * seen / total if total > 0 else 0.0)
    return tuple((weighed / weighed.sum()).tolist())
