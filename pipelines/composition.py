"""Puts one home and one workspace together for the command line and the simulator, once."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from decisioning.catalog import Catalog
from decisioning.cold_start import CatalogScorer
from decisioning.customer import CustomerReference
from decisioning.decide import Ports
from decisioning.eligibility import CompiledCatalog
from decisioning.outcome import Outcome
from decisioning.ports import ProfileReader, Scorer
from features.catalog_source import compiled_catalog, feature_set_of
from features.consent import ConsentBook
from features.contacts import ContactBook
from features.contract.source import contracts_of
from features.decision_book import DecisionBook
from features.explanation.catalog_archive import CatalogArchive
from features.fast_layer.keeper import FastKeeper, known_features
from features.feature_set import FeatureSet
from features.group.reader import GroupReader
from features.home import Home
from features.identifier import by_country
from features.identity import IdentityGraph
from features.intake import Intake
from features.ledger import Ledger
from features.online import OnlineFeatures
from features.outcomes import OutcomeBook
from features.pool_table import PoolReader
from features.population import Population
from features.profile_reader import StoredProfiles
from features.projection import FeatureProjection
from features.stores import open_rows
from features.whose import check_whose, keep_whose
from features.workspace import Workspace
from pipelines.clock import system_clock
from pipelines.world import SegmentEvent
from training.manifest import origin_of


@dataclass
class Composition:
    """Everything that works on one home; made by `compose`.

    Parameters: `scorer`, what serves; the catalogue's own until a bundle is loaded.
    """

    home: Home
    workspace: Workspace
    features: FeatureSet
    catalog: CompiledCatalog
    clock: Callable[[], datetime]
    ledger: Ledger
    projection: FeatureProjection
    intake: Intake
    decisions: DecisionBook
    outcomes: OutcomeBook
    profiles: ProfileReader
    online: OnlineFeatures
    fast: FastKeeper
    graph: IdentityGraph
    scorer: Scorer = field(default_factory=CatalogScorer)

    def ports(self, *, explained: int = 0) -> Ports:
        """What a decision is composed of; everything answered so far counts, where the workspace says so."""
        self.fast.prime(self.scorer, self.catalog.catalog)
        scorer, degraded = self.fast.corrected(self.scorer, self.catalog.catalog, now=self.clock())
        return Ports(self.catalog, self.profiles, scorer, self.decisions, explained, degraded=degraded)

    def population(self) -> Population:
        """Everybody, for decisions about all of them at once."""
        memory = self.catalog.catalog.contact_policy.memory
        return Population(self.ledger, self.online, memory, PoolReader(self.ledger, self.catalog.catalog))

    def named(self, reference: CustomerReference) -> CustomerReference:
        """The customer that a reference names here: a national phone number is one of the workspace's country."""
        return by_country(reference, self.workspace.identity.country)

    def send(self, events: Sequence[SegmentEvent], outcomes: Sequence[Outcome]) -> None:
        """Take events and outcomes in, as the service does; both are durable and visible when this returns."""
        if outcomes:
            self.outcomes.accept(outcomes, received_at=self.clock())
        if events:
            self.intake.accept(events, received_at=self.clock(), source="live")
        elif outcomes:
            self.projection.catch_up()


def _fast_layer(ledger: Ledger, workspace: Workspace, home: Home) -> FastKeeper:
    origin = partial(origin_of, home.path)
    return FastKeeper(ledger, workspace.learning, origin=origin, window=workspace.goal.window)


def _profiles(
    projection: FeatureProjection, graph: IdentityGraph, online: OnlineFeatures, catalog: Catalog
) -> StoredProfiles:
    ledger = projection.ledger
    return StoredProfiles(
        identity=graph,
        online=online,
        consent=ConsentBook(ledger),
        contacts=ContactBook(ledger),
        projection=projection,
        memory=catalog.contact_policy.memory,
        pools=PoolReader(ledger, catalog),
    )


@contextmanager
def compose(home: Path, workspace: Path, *, clock: Callable[[], datetime] = system_clock) -> Iterator[Composition]:
    """Open a home for a workspace, and close it at the end.

    Raises a `TsugiError` where the workspace, its catalogue or a store cannot be used.
    """
    settings = Workspace.load(workspace)
    features = feature_set_of(settings)
    known_features(settings.learning, features.names)
    place = Home(home).create()
    check_whose(place, settings.name)
    if not place.ledger.exists():
        keep_whose(place, settings.name)
    catalog = compiled_catalog(settings, features, archive=CatalogArchive(place.catalogs))
    with Ledger(place.ledger) as ledger:
        rows = open_rows(place, settings.stores)
        graph = IdentityGraph(ledger)
        projection = FeatureProjection(ledger, rows, features, seed=place.states)
        online = OnlineFeatures(rows, features, GroupReader(ledger, features.groups.kinds))
        intake = Intake(ledger, [projection], rules=settings.identity, contracts=contracts_of(settings))
        try:
            yield Composition(
                home=place,
                workspace=settings,
                features=features,
                catalog=catalog,
                clock=clock,
                ledger=ledger,
                projection=projection,
                intake=intake,
                decisions=DecisionBook(ledger, catalog.catalog, settings.identity),
                outcomes=OutcomeBook(ledger),
                profiles=_profiles(projection, graph, online, catalog.catalog),
                online=online,
                fast=_fast_layer(ledger, settings, place),
                graph=graph,
            )
        finally:
            intake.close()
            rows.close()
