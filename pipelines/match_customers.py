"""Matches customers by what their golden records say: merges where it is sure, asks a person where it is not.

The first time, all customers are resolved as one table, and what was learned is kept in the home. From then on
customers of whom something new came are compared with all the others, which are not clustered again.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from decisioning.customer import CustomerReference
from features.collecting import without_collecting
from features.golden_record import GoldenRecord, GoldenRules
from features.identifier import Identifier
from features.identity_merge import MergeBook, named_identifier
from features.identity_statement import Statement, Verb
from features.matching.batch import Thresholds, match
from features.matching.customers import customer_ids, customers_as_people, customers_told_since
from features.matching.evidence import Evidence
from features.matching.index import ClusterIndex
from features.matching.kind import NothingToMatchError
from features.matching.model import Model, load_model
from features.matching.people import People
from features.matching.prior import log_odds
from pipelines.composition import Composition
from pipelines.customers_matched import CustomersMatched

SAID_BY = "matching"


class Pair(NamedTuple):
    """Two customers that may be one. Parameters: `probability` that they are."""

    one: str
    other: str
    probability: float


def match_customers(composition: Composition) -> CustomersMatched:
    """Look at every customer the first time, and later at those of whom something new is known."""
    folder, seq = composition.home.path / "matching", composition.ledger.last_seq()
    people = _people(composition)
    if people is None:
        return CustomersMatched(0, 0, 0)
    model = _kept_model(folder, people)
    new = set(people.ids) if model is None else _told_since(composition, folder)
    pairs = list(_of_all(composition, people, folder) if model is None else _of_new(people, model, new))
    merged, proposed = _say(composition, pairs)
    _keep_place(folder, seq)
    return CustomersMatched(len(new & set(people.ids)), merged, proposed)


def _people(composition: Composition) -> People | None:
    workspace = composition.workspace
    with composition.ledger.read() as connection:
        ids = customer_ids(connection)
        golden = GoldenRecord(composition.ledger, GoldenRules.of(workspace))
        try:
            return customers_as_people(golden, connection, ids, workspace.matching.fields)
        except NothingToMatchError:
            return None


def _of_all(composition: Composition, people: People, folder: Path) -> Iterator[Pair]:
    """Every pair that one batch finds; what it learned is kept."""
    section = composition.workspace.matching
    found = match(people, Thresholds(section.merge_above, section.review_above))
    folder.mkdir(parents=True, exist_ok=True)
    found.model.save(folder / "model.json")
    for place, first in enumerate(found.cluster.tolist()):
        if place != first:
            yield Pair(people.ids[first], people.ids[place], float(found.belongs[place]))
    for doubt in found.doubts:
        yield Pair(people.ids[doubt.first], people.ids[doubt.second], doubt.probability)


def _of_new(people: People, model: Model, new: set[str]) -> list[Pair]:
    """The likeliest other customer of each one of whom something new is known."""
    pairs = []
    with without_collecting():
        index = ClusterIndex.of(people, list(people.ids), Evidence(model))
        for place, customer_id in enumerate(people.ids):
            if customer_id in new:
                others = [found for found in index.proposals(people.record(place)) if found.cluster != customer_id]
                pairs += [Pair(found.cluster, customer_id, found.probability) for found in others[:1]]
    return pairs


def _say(composition: Composition, pairs: Iterable[Pair]) -> tuple[int, int]:
    """Record merges and proposals of pairs of which nobody spoke; how many of each."""
    section, book = composition.workspace.matching, MergeBook(composition.ledger, composition.workspace.identity)
    spoken = {frozenset((said.one, said.other)) for said in book.statements()}
    statements = []
    for pair in pairs:
        verb: Verb = "merge" if pair.probability > section.merge_above else "proposal"
        statement = _statement(composition, pair, verb) if pair.probability >= section.review_above else None
        if statement and frozenset((statement.one, statement.other)) not in spoken:
            statements.append(statement)
            spoken.add(frozenset((statement.one, statement.other)))
    book.state(statements, received_at=composition.clock())
    composition.projection.catch_up()
    merged = sum(statement.verb == "merge" for statement in statements)
    return merged, len(statements) - merged


def _statement(composition: Composition, pair: Pair, verb: Verb) -> Statement | None:
    one, other = (_identifier(composition, customer_id) for customer_id in (pair.one, pair.other))
    if one is None or other is None:
        return None
    weight = log_odds(min(max(pair.probability, 1e-9), 1.0 - 1e-9))
    reason = f"alike with probability {pair.probability:.3f}"
    return Statement(verb, one, other, occurred_at=composition.clock(), reason=reason, said_by=SAID_BY, weight=weight)


def _identifier(composition: Composition, customer_id: str) -> Identifier | None:
    with composition.ledger.read() as connection:
        return named_identifier(connection, CustomerReference("customer_id", customer_id))


def _kept_model(folder: Path, people: People) -> Model | None:
    """What was learned before, where the same traits are compared; None where it must be learned."""
    file = folder / "model.json"
    model = load_model(file) if file.exists() and (folder / "place.json").exists() else None
    return model if model is not None and set(model.compared) == set(people.fields) else None


def _told_since(composition: Composition, folder: Path) -> set[str]:
    seq = int(json.loads((folder / "place.json").read_text())["seq"])
    with composition.ledger.read() as connection:
        return customers_told_since(connection, seq)


def _keep_place(folder: Path, seq: int) -> None:
    if folder.is_dir():
        (folder / "place.json").write_text(json.dumps({"seq": seq}) + "\n")
