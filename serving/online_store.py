"""The online store as the service uses it: nobody waits for it long, nobody asks it while it does not answer."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass

from decisioning.errors import UnavailableError
from features.breaker import Breaker
from features.feature_set import FeatureSet
from features.group.reader import GroupReader
from features.home import Home
from features.ledger import Ledger
from features.online import OnlineFeatures
from features.projection import FeatureProjection
from features.prompt import PromptProjection, PromptRows
from features.stores import Stores, open_rows

READ_SECONDS = 0.02
"""That a decision waits for a row, where the store is a server."""
PATIENCE = 5.0
"""Seconds that taking events in waits until they are in the features; they are durable before."""


@dataclass(frozen=True, slots=True)
class OnlineStore:
    """The online features of one home.

    Parameters: `projection`, which writes them; `brief`, the same for a decision, `patient`, for taking events in.
    """

    online: OnlineFeatures
    projection: FeatureProjection
    brief: PromptProjection
    patient: PromptProjection


@contextmanager
def open_online_store(home: Home, stores: Stores, ledger: Ledger, features: FeatureSet) -> Iterator[OnlineStore]:
    """Open the store and bring it up to the ledger; a server that does not answer is waited for by nobody."""
    with ExitStack() as stack:
        rows = stack.enter_context(closing(open_rows(home, stores, read_seconds=READ_SECONDS)))
        projection = FeatureProjection(ledger, rows, features)
        aside = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="online-store"))

        def look() -> None:
            projection.catch_up()
            rows.read("")

        breaker = stack.enter_context(closing(Breaker("the online store", look, aside)))
        with suppress(UnavailableError):
            projection.catch_up()
        yield OnlineStore(
            OnlineFeatures(PromptRows(rows, breaker), features, GroupReader(ledger, features.groups.kinds)),
            projection,
            PromptProjection(projection, breaker, aside),
            PromptProjection(projection, breaker, aside, patience=PATIENCE),
        )
