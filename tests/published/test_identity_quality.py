"""Records of one person are found without labels at least as well as quality.md, part E, asks: B-cubed F1."""

import numpy as np
import pytest
from offers_data import data_folder

from benchmarks.identity_data import load
from features.matching.agreement import Agreement, agreement
from features.matching.batch import match
from features.matching.evidence import Evidence
from features.matching.index import ClusterIndex


def found(name: str, folder: str) -> Agreement:
    people, truth = load(name, data_folder(folder).parent)
    return agreement(match(people).cluster.tolist(), truth)


def judged(result: Agreement, wanted: float) -> None:
    assert result.f1 >= wanted
    assert result.largest <= 2 * result.largest_true


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "folder", "wanted"), [("fake_1000", "splink-demo", 0.94), ("febrl 1", "febrl", 0.999)]
)
def test_small_tables_are_resolved_as_well_as_asked(name, folder, wanted) -> None:
    judged(found(name, folder), wanted)


@pytest.mark.reliability
@pytest.mark.parametrize(
    ("name", "folder", "wanted"),
    [
        ("fake_20000", "splink-demo", 0.91),
        ("historical 50k", "splink-demo", 0.90),
        ("febrl 2", "febrl", 0.999),
        ("febrl 3", "febrl", 0.999),
    ],
)
def test_large_tables_are_resolved_as_well_as_asked(name, folder, wanted) -> None:
    judged(found(name, folder), wanted)


@pytest.mark.slow
def test_the_last_tenth_added_one_by_one_ends_within_five_thousandths_of_one_batch() -> None:
    people, truth = load("fake_1000", data_folder("splink-demo").parent)
    order = np.random.default_rng(0).permutation(1_000).tolist()
    people, truth = people.part(order), [truth[place] for place in order]
    old = people.part(range(900))
    resolved = match(old)
    clusters = [old.ids[place] for place in resolved.cluster.tolist()]
    index = ClusterIndex.of(old, clusters, Evidence(resolved.model))
    placed = [index.place(people.record(place), people.ids[place], 0.8).cluster for place in range(900, 1_000)]
    whole = agreement(match(people).cluster.tolist(), truth).f1
    assert agreement([*clusters, *placed], truth).f1 == pytest.approx(whole, abs=0.005)
