"""What a decision costs in process: conditions, limits, scores, arbitration, ten ranks drawn; no store, no HTTP."""

import statistics
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.offers_workspace import PLACEMENT, offers_workspace
from benchmarks.report import Cell, Report
from decisioning.catalog import Cap, ContactPolicy
from decisioning.cold_start import CatalogScorer
from decisioning.customer import Contact, ContactHistory, Customer, CustomerReference
from decisioning.decide import consider
from decisioning.decision import DecisionRequest
from decisioning.eligibility import CompiledCatalog, compile_catalog
from features.catalog_source import compiled_catalog, feature_set_of
from features.feature_set import FeatureSet
from features.workspace import Workspace

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ROUNDS = 15
WEEK, MONTH = timedelta(days=7), timedelta(days=30)
CAPS = (Cap("customer", 100, WEEK), Cap("channel", 50, MONTH), Cap("group", 6, MONTH), Cap("action", 2, MONTH))


def run(*, quick: bool) -> Report:
    """Decide from the generated workspace, with one cap and with four."""
    with TemporaryDirectory() as folder:
        workspace = Workspace.load(offers_workspace(Path(folder)))
        features = feature_set_of(workspace)
        one = compiled_catalog(workspace, features)
    four = compile_catalog(replace(one.catalog, contact_policy=ContactPolicy(CAPS)))
    n = 20 if quick else 200
    return Report(
        "`consider` in process: 50 actions with 3 conditions each, starting propensities as scores, a list of 10, the "
        f"median of {ROUNDS} rounds of {n} decisions.",
        [_row(name, catalog, features, n) for name, catalog in (("1 cap", one), ("4 caps, 20 contacts", four))],
    )


def _row(name: str, catalog: CompiledCatalog, features: FeatureSet, n: int) -> dict[str, Cell]:
    customer = _customer(features, contacts=20 if "contacts" in name else 0)
    rounds = sorted(_round(catalog, customer, n) for _ in range(ROUNDS))
    return {"case": name, "CPU µs per decision": statistics.median(rounds), "of the fastest round": rounds[0]}


def _round(catalog: CompiledCatalog, customer: Customer, n: int) -> float:
    began = time.process_time()
    for place in range(n):
        consider(_request(place), customer, catalog=catalog, scorer=CatalogScorer())
    return (time.process_time() - began) / n * 1e6


def _request(place: int) -> DecisionRequest:
    return DecisionRequest(f"r-{place}", CustomerReference("user_id", "u-1"), PLACEMENT, "web", {"intent": "browse"})


def _customer(features: FeatureSet, *, contacts: int) -> Customer:
    known = {**features.values(features.empty(1), now_us=0), "age": 40.0}
    past = [
        Contact(f"offer_{place:02}", f"group_{place % 7}", "web", NOW - timedelta(days=place))
        for place in range(contacts)
    ]
    return Customer("c_1", as_of=NOW, features=known, history=ContactHistory(past))
