"""Puts the service together: the one place that knows which stores and models stand behind the ports."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from decisioning.catalog import Catalog
from decisioning.cold_start import CatalogScorer
from decisioning.decide import Ports
from decisioning.eligibility import CompiledCatalog
from decisioning.ports import Scorer
from features.catalog_source import feature_set_of
from features.consent import ConsentBook
from features.consent_intake import ConsentIntake
from features.contacts import ContactBook
from features.contract.source import contracts_of
from features.decision_book import DecisionBook
from features.explanation.catalog_archive import CatalogArchive
from features.explanation.explainer import Explainer
from features.fast_layer.keeper import known_features
from features.feature_set import FeatureSet
from features.golden_record import GoldenRules
from features.hold import HoldBook
from features.home import Home
from features.identity import IdentityGraph
from features.intake import Intake
from features.journey import prepared
from features.ledger import Ledger
from features.ledger_file import SMALL_KIB
from features.outcomes import OutcomeBook
from features.pool_table import PoolReader
from features.privacy.access import AccessBook
from features.privacy.erasure import ErasureBook
from features.privacy.objection import ObjectionBook
from features.privacy.sweep import Sweeper
from features.privacy.told import stated
from features.profile_document import ProfileDocuments
from features.profile_reader import StoredProfiles
from features.rebuild import rebuilding
from features.run_queue import RunQueue
from features.trigger.plans import Plans
from features.workspace import Workspace
from serving.auth import KeyRing
from serving.catalog_store import catalog_store
from serving.challenger import Challenger
from serving.connection import BoundedConnection, refusing
from serving.decision_log import DecisionDesk
from serving.degradation import FailingClosed
from serving.desk import Desk
from serving.fast_layer import ServedFastLayer, fast_keeper
from serving.guard import keep_watch
from serving.in_time import InTime, Lane
from serving.kept import Kept
from serving.metrics import Metrics
from serving.model_store import Shelf, bundle_of, challenger_store, model_store
from serving.one_core import keep_to_one_core
from serving.online_store import OnlineStore, open_online_store
from serving.privacy_desk import PrivacyDesk
from serving.profile_view import ProfileView
from serving.settings import Settings
from serving.signature import Nonces
from serving.watching import prime, tidy, watch

WORKERS = 4
"""Threads for batches, profiles and whatever is loaded anew."""


@asynccontextmanager
async def compose(settings: Settings, *, clock: Callable[[], datetime]) -> AsyncIterator[Desk]:
    """Open everything that the service is made of, watch what may change, and close it all at the end.

    Parameters: `clock` tells the service's time; no request can set it. Raises a `TsugiError` where the workspace or a
    store cannot be used.
    """
    with open_desk(settings, clock=clock) as desk:
        watched: tuple[Kept[Any], ...] = (desk.catalog, desk.bundle, desk.challenger)
        always = (
            *(watch(desk, kept) for kept in watched),
            prime(desk),
            tidy(desk),
            keep_watch(desk, Home(settings.home)),
            keep_to_one_core(desk.ledger),
        )
        tasks = [asyncio.create_task(each) for each in always]
        desk.ledger.gather(asyncio.get_running_loop().call_soon)
        try:
            yield desk
        finally:
            desk.ledger.gather(None)
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task


@contextmanager
def open_desk(settings: Settings, *, clock: Callable[[], datetime]) -> Iterator[Desk]:
    """Open the stores, load catalogue and bundle, and close everything at the end."""
    workspace = Workspace.load(settings.workspace)
    features = feature_set_of(workspace)
    known_features(workspace.learning, features.names)
    home, metrics = Home(settings.home).create(), Metrics(settings.worker)
    metrics.overloaded_by(lambda: BoundedConnection.n_refused)
    archive, shelf, catalog, bundle, challenger = _load(home, workspace, features, metrics)
    with ExitStack() as stack:
        stores = _open_stores(home, workspace, features, stack)
        fast = ServedFastLayer(fast_keeper(stores.ledger, workspace, home), bundle, catalog)
        fast.prime()
        ports = _Ports(stores, workspace, catalog, challenger, fast, clock, Lane())
        book, plans = ports.books().log, Plans(home.triggers, lambda: catalog.current.catalog)
        yield Desk(
            keys=_open_keys(settings, home, clock, stack),
            metrics=metrics,
            clock=clock,
            workers=stack.enter_context(ThreadPoolExecutor(WORKERS, thread_name_prefix="aside")),
            ledger=stores.ledger,
            decisions=DecisionDesk(ports, book, clock, metrics),
            intake=stores.intake,
            outcomes=OutcomeBook(stores.ledger),
            profiles=_profile_view(stores, features, workspace, catalog, plans),
            explainer=Explainer(book, archive, partial(bundle_of, home, shelf)),
            descriptions=features.descriptions,
            purposes=features.purposes,
            journeys=lambda: prepared.kept(home.journeys),
            catalog=catalog,
            bundle=bundle,
            challenger=challenger,
            fast=fast,
            probe_features=stores.probe,
            privacy=_privacy_desk(stores, home, workspace, catalog),
            runs=RunQueue(home.runs),
            country=workspace.identity.country,
        )


class _Loaded(NamedTuple):
    """What serves and may be swapped while the service runs, and from where it is loaded."""

    archive: CatalogArchive
    shelf: Shelf
    catalog: Kept[CompiledCatalog]
    bundle: Kept[Scorer]
    challenger: Kept[Challenger | None]


def _load(home: Home, workspace: Workspace, features: FeatureSet, metrics: Metrics) -> _Loaded:
    archive, shelf = CatalogArchive(home.catalogs), Shelf()
    catalog = catalog_store(workspace, features, archive, metrics=metrics)
    bundle, challenger = model_store(home, shelf, metrics=metrics), challenger_store(home, shelf, metrics=metrics)
    bundle.refresh()
    challenger.refresh()
    return _Loaded(archive, shelf, catalog, bundle, challenger)


def _open_keys(settings: Settings, home: Home, clock: Callable[[], datetime], stack: ExitStack) -> KeyRing:
    """The keys, by which connections refuse whoever calls too often."""
    keys = KeyRing(settings, nonces=stack.enter_context(closing(Nonces(home.nonces, clock))))
    stack.enter_context(refusing(keys))
    return keys


@dataclass(frozen=True, slots=True)
class _Stores:
    """The stores of one home, open."""

    ledger: Ledger
    online_store: OnlineStore
    intake: Intake

    def profiles(self, catalog: Catalog) -> StoredProfiles:
        """Read customers, contacts as far back as this catalogue's limits look."""
        return StoredProfiles(
            identity=IdentityGraph(self.ledger),
            online=self.online_store.online,
            consent=ConsentBook(self.ledger),
            contacts=ContactBook(self.ledger),
            projection=self.online_store.brief,
            memory=catalog.contact_policy.memory,
            pools=PoolReader(self.ledger, catalog),
        )

    def probe(self, now: datetime) -> None:
        """Read the online store; `UnavailableError` where it cannot be read."""
        self.online_store.patient.catch_up()
        self.online_store.online.read("", now)


class _Books(NamedTuple):
    """What reads and records for the decisions of one catalogue."""

    compiled: CompiledCatalog
    profiles: FailingClosed
    log: DecisionBook


@dataclass(slots=True)
class _Ports:
    """What one decision is made with: whatever serves at its moment."""

    stores: _Stores
    workspace: Workspace
    catalog: Kept[CompiledCatalog]
    challenger: Kept[Challenger | None]
    fast: ServedFastLayer
    clock: Callable[[], datetime]
    lane: Lane
    _kept: _Books | None = None

    def __call__(self) -> Ports:
        compiled, profiles, log = self.books()
        rollout = self.challenger.current.rollout if self.challenger.current else None
        scorer, degraded = self.fast.corrected(compiled, self.clock())
        in_time = scorer if scorer.version == CatalogScorer.version else InTime(scorer, self.lane)
        return Ports(compiled, profiles, in_time, log, rollout=rollout, degraded=degraded)

    def books(self) -> _Books:
        """Those of the catalogue that serves, kept until another one does."""
        compiled, books = self.catalog.current, self._kept
        if books is None or books.compiled is not compiled:
            profiles = FailingClosed(self.stores.profiles(compiled.catalog))
            log = DecisionBook(self.stores.ledger, compiled.catalog, self.workspace.identity)
            books = self._kept = _Books(compiled, profiles, log)
        return books


def _profile_view(
    stores: _Stores, features: FeatureSet, workspace: Workspace, catalog: Kept[CompiledCatalog], plans: Plans
) -> ProfileView:
    documents = ProfileDocuments(stores.ledger, features, GoldenRules.of(workspace), rebuilding(workspace), plans)
    return ProfileView(documents, lambda: stores.profiles(catalog.current.catalog))


def _privacy_desk(stores: _Stores, home: Home, workspace: Workspace, catalog: Kept[CompiledCatalog]) -> PrivacyDesk:
    return PrivacyDesk(
        erasures=ErasureBook(stores.ledger, workspace.erasure_log(home)),
        sweeper=Sweeper(stores.ledger, home, stores.online_store.projection.catch_up),
        access=AccessBook(
            stores.ledger,
            stores.online_store.online.features,
            lambda: stores.profiles(catalog.current.catalog),
            lambda: stated(catalog.current.catalog, workspace.retention),
        ),
        objections=ObjectionBook(ConsentIntake(stores.ledger, stores.intake), lambda: catalog.current.catalog),
        holds=HoldBook(stores.ledger, stores.intake),
    )


def _open_stores(home: Home, workspace: Workspace, features: FeatureSet, stack: ExitStack) -> _Stores:
    ledger = stack.enter_context(Ledger(home.ledger, cache_kib=SMALL_KIB))
    store = stack.enter_context(open_online_store(home, workspace.stores, ledger, features))
    intake = Intake(ledger, [store.patient], rules=workspace.identity, contracts=contracts_of(workspace))
    stack.callback(intake.close)
    return _Stores(ledger, store, intake)
