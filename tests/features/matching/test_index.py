"""One new record is linked to clusters that exist."""

import pytest
from people_builders import some_people

from features.matching.agreement import agreement
from features.matching.batch import match
from features.matching.evidence import Evidence
from features.matching.index import MAX_CANDIDATES, RAREST_KEYS, ClusterIndex
from features.matching.key import keys_of


@pytest.fixture(scope="module")
def growing():
    """A table resolved but for its last tenth, and the index of it."""
    people, truth = some_people()
    order = [*range(0, 240, 10), *(place for place in range(240) if place % 10)][::-1]
    old, new = people.part(order[:216]), people.part(order[216:])
    found = match(old)
    clusters = [old.ids[place] for place in found.cluster.tolist()]
    return old, new, clusters, found.model, [truth[place] for place in order]


def test_adding_the_last_tenth_one_by_one_ends_where_one_batch_over_all_ends(growing) -> None:
    old, new, clusters, model, truth = growing
    index = ClusterIndex.of(old, clusters, Evidence(model))
    placed = [index.place(new.record(place), new.ids[place], 0.8).cluster for place in range(len(new))]
    people, whole_truth = some_people()
    batch = agreement(match(people).cluster.tolist(), whole_truth).f1
    assert agreement([*clusters, *placed], truth).f1 == pytest.approx(batch, abs=0.005)


def test_a_known_record_finds_its_own_cluster_first(growing) -> None:
    old, _, clusters, model, _ = growing
    index = ClusterIndex.of(old, clusters, Evidence(model))
    best = [index.proposals(old.record(place))[0] for place in range(len(old))]
    assert [proposal.cluster for proposal in best] == clusters
    assert min(proposal.probability for proposal in best) > 0.8


def test_somebody_unknown_founds_a_cluster_of_their_own(growing) -> None:
    old, _, clusters, model, _ = growing
    index = ClusterIndex.of(old, clusters, Evidence(model))
    stranger = {"first_name": "zoltan", "surname": "quist", "dob": "20100101", "city": "", "email": "zq@else.test"}
    assert index.place(stranger, "new", 0.8) == ("new", pytest.approx(1.0, abs=0.01))
    assert index.proposals(stranger)[0].cluster == "new"


def test_the_clusters_that_are_weighed_are_those_that_share_most_of_the_rarest_keys(growing) -> None:
    old, new, clusters, model, _ = growing
    index = ClusterIndex(Evidence(model), max_sharing=6)
    for place, cluster in enumerate(clusters):
        index.add(old.record(place), cluster)
    held = [keys_of(old.record(place), model.compared) for place in range(len(old))]
    for place in range(len(new)):
        keys = keys_of(new.record(place), model.compared)
        shared: dict[str, float] = {}
        sizes = {key: sum(key in others for others in held) for key in keys}
        rarest = sorted((n, key) for key, n in sizes.items() if 0 < n < 6)[:RAREST_KEYS]
        for n, key in rarest:
            for cluster in (cluster for cluster, others in zip(clusters, held, strict=True) if key in others):
                shared[cluster] = shared.get(cluster, 0.0) + 1.0 / n
        likeliest = sorted(shared, key=lambda cluster: (shared[cluster], cluster), reverse=True)
        assert index._candidates(index._held(keys)) == likeliest[:MAX_CANDIDATES]
