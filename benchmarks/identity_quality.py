"""How well records of one person are found without labels, and how new records join: quality.md, part E.

Every table is resolved by the one default configuration; the truth scores and decides nothing. The last tenth (drawn at
random) is then added record by record to clusters of the other nine tenths.
"""

import time
from pathlib import Path

import numpy as np

from benchmarks.identity_data import TABLES, data_folder, load
from benchmarks.identity_peers import by_equal_values, by_splink
from benchmarks.report import Cell, Report, spent
from features.collecting import without_collecting
from features.matching.agreement import Agreement, agreement
from features.matching.batch import Matching, match
from features.matching.configuration import MERGE_ABOVE
from features.matching.evidence import Evidence
from features.matching.index import ClusterIndex
from features.matching.people import People

SEED = 0
SMALL = ("fake_1000", "febrl 1")


def run(*, quick: bool) -> Report:
    rows = [_row(name, data_folder()) for name in (SMALL if quick else TABLES)]
    about = (
        "B-cubed F1 (bF1) of clusters, found without labels and with one configuration, in the same run as Splink "
        "with its own comparisons (match weight 4, connected components) and equal values; then the last tenth "
        "added one by one, which changes no id given before: bF1 after it, CPU of one record, and the share of "
        "existing ids that re-clustering everything would change instead."
    )
    return Report(about, rows)


def _row(name: str, folder: Path) -> dict[str, Cell]:
    people, truth = load(name, folder)
    order = np.random.default_rng(SEED).permutation(len(people)).tolist()
    n_old = len(people) * 9 // 10
    people, truth = people.part(order), [truth[place] for place in order]
    found: list[Matching] = []
    cpu = spent(lambda: found.append(match(people))).cpu
    ours = agreement(found[0].cluster.tolist(), truth)
    peers = {"Splink bF1": by_splink(people), "equal values bF1": by_equal_values(people)}
    return {
        "table": name,
        "records": len(people),
        **_scores(ours),
        "expected right": round(float(found[0].belongs.mean()), 4),
        "CPU s": round(cpu, 1),
        **{label: round(agreement(clusters, truth).f1, 4) for label, clusters in peers.items()},
        **_added(people, truth, n_old, found[0]),
    }


def _scores(found: Agreement) -> dict[str, Cell]:
    return {
        "bF1": round(found.f1, 4),
        "precision": round(found.precision, 4),
        "recall": round(found.recall, 4),
        "pair F1": round(found.pair_f1, 4),
        "largest (true)": f"{found.largest} ({found.largest_true})",
    }


def _added(people: People, truth: list[str], n_old: int, whole: Matching) -> dict[str, Cell]:
    """The last tenth, one record at a time, in memory, without collecting garbage meanwhile, as `tsugi resolve` looks.

    `place` says where the new record goes and nothing else: no id that was given before can change.
    """
    old = people.part(range(n_old))
    resolved = match(old)
    before = [old.ids[place] for place in resolved.cluster.tolist()]
    index = ClusterIndex.of(old, before, Evidence(resolved.model))
    records = [(people.ids[place], people.record(place)) for place in range(n_old, len(people))]
    with without_collecting():
        began = time.process_time()
        placed = [index.place(record, identity, MERGE_ABOVE).cluster for identity, record in records]
        cpu = (time.process_time() - began) / len(records)
    again = [people.ids[place] for place in whole.cluster.tolist()[:n_old]]
    return {
        "bF1 one by one": round(agreement([*before, *placed], truth).f1, 4),
        "µs a record": round(cpu * 1e6),
        "re-clustered": f"{np.mean([one != other for one, other in zip(before, again, strict=True)]):.2%}",
    }
