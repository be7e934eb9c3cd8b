"""An online store for those who cannot wait: what does not answer in time is told as unavailable."""

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from time import monotonic

from decisioning.errors import UnavailableError
from features.breaker import Breaker
from features.ledger import Ledger
from features.online_store import PackedRow
from features.projection import FeatureProjection
from features.row_store import RowReader

BRIEF_SECONDS = 0.1
"""That a decision waits until what is new is in the online store; else it computes from the ledger."""


class PromptRows:
    """Rows that are read where the store answers. Parameters: `rows`, whose reads end in time; `breaker`."""

    def __init__(self, rows: RowReader, breaker: Breaker) -> None:
        self._rows, self._breaker = rows, breaker

    def read(self, customer_id: str) -> list[PackedRow]:
        """Every view of one customer, all of one moment."""
        with self._breaker.asking():
            return self._rows.read(customer_id)

    def read_many(self, customer_ids: Sequence[str]) -> list[PackedRow]:
        """Every view of many customers."""
        with self._breaker.asking():
            return self._rows.read_many(customer_ids)


class PromptProjection:
    """A projection that is caught up by another thread; whoever asks waits no longer than they have patience.

    Parameters: `projection`; `breaker`; `aside`, with one thread; `patience`, seconds.
    """

    def __init__(
        self, projection: FeatureProjection, breaker: Breaker, aside: Executor, *, patience: float = BRIEF_SECONDS
    ) -> None:
        self._projection, self._breaker, self._aside = projection, breaker, aside
        self._patience = patience
        self._running: Future[int] | None = None

    @property
    def ledger(self) -> Ledger:
        """The ledger that it follows."""
        return self._projection.ledger

    def catch_up(self) -> None:
        """See that everything that is in the ledger now is applied.

        Raises: `UnavailableError` where ledger or store cannot be used, or not in time.
        """
        if not self._projection.skim():
            with self._breaker.asking():
                self._wait(monotonic() + self._patience)

    def _wait(self, deadline: float) -> None:
        while not self._projection.skim():
            try:
                self._catching_up().result(max(0.0, deadline - monotonic()))
            except TimeoutError:
                raise UnavailableError("the online store takes longer than anybody can wait") from None

    def _catching_up(self) -> "Future[int]":
        """What is under way, or a new one; who comes too late for it waits for the next."""
        running = self._running
        if running is None or running.done():
            running = self._running = self._aside.submit(self._projection.catch_up)
        return running
