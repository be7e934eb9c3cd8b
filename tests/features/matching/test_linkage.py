"""Clusters grow by evidence that their records give together."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.matching.agreement import agreement
from features.matching.linkage import linked, pooled


class Table:
    """A weighing of bits that a test writes down: {(record, record): bits of each field}; others say −3 each."""

    def __init__(self, bits, n_fields=2) -> None:
        self._bits, self._n_fields = bits, n_fields

    def bits(self, first, second):
        nothing = [-3.0] * self._n_fields
        pairs = zip(first.tolist(), second.tolist(), strict=True)
        return np.array([self._bits.get((min(pair), max(pair)), nothing) for pair in pairs]).reshape(-1, self._n_fields)


def clusters(bits, n: int, least: float = 2.0, n_fields: int = 2) -> list[int]:
    edges = np.array(sorted(bits), dtype=np.int64).reshape(-1, 2)
    return linked(Table(bits, n_fields), n, (edges[:, 0], edges[:, 1]), -10.0, least).cluster.tolist()


NAN = math.nan


def test_one_record_knows_the_name_and_one_the_address_and_both_join_through_others() -> None:
    # Record 2 gives half of what makes the person, record 3 the other half: neither is enough for any single record.
    bits = {
        (0, 1): [9.0, 9.0],
        (0, 2): [9.0, NAN],
        (1, 2): [9.0, 3.5],
        (0, 3): [NAN, 9.0],
        (1, 3): [4.0, 9.0],
        (2, 3): [NAN, NAN],
    }
    found = clusters(bits, 4)
    assert len(set(found)) == 1


def test_a_chance_likeness_does_not_chain_two_people_together() -> None:
    bits = {(0, 1): [9.0, 9.0], (2, 3): [9.0, 9.0], (1, 2): [9.0, 4.0]}
    first, second, third, fourth = clusters(bits, 4)
    assert first == second != third == fourth


def test_without_evidence_everybody_stays_alone() -> None:
    assert len(set(clusters({(0, 1): [3.0, 3.0]}, 3))) == 3
    assert clusters({}, 0) == []


def slow_pooled(bits, of, total, smaller):
    """By the words of the module: per field the mean factor, disagreement once more for each doubling."""
    scores = []
    for pair in range(len(total)):
        score = 0.0
        for field in range(bits.shape[1]):
            given = [2.0 ** bits[k, field] for k in range(len(of)) if of[k] == pair and not math.isnan(bits[k, field])]
            if given:
                mean = math.log2(sum(given) / len(given))
                times = max(smaller[pair] * math.sqrt(len(given) / total[pair]), 1.0)
                score += mean if mean >= 0 else mean * (1.0 + math.log2(times))
        scores.append(score)
    return scores


@given(st.lists(st.lists(st.one_of(st.just(NAN), st.floats(-8, 8)), min_size=2, max_size=2), min_size=6, max_size=6))
def test_pooled_evidence_equals_the_slow_sum(rows) -> None:
    bits, of = np.array(rows), np.array([0, 0, 1, 1, 1, 1])
    total, smaller = np.array([2, 4]), np.array([1, 2])
    assert pooled(bits, of, total, smaller).tolist() == pytest.approx(slow_pooled(bits, of, total, smaller))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30))
def test_clusters_agree_fully_with_themselves_and_no_names_matter(labels) -> None:
    found = agreement(labels, [f"person {label}" for label in labels])
    assert (found.precision, found.recall, found.f1) == pytest.approx((1.0, 1.0, 1.0))
    assert found.pair_f1 == 1.0
    assert found.largest == found.largest_true
