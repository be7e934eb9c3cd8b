"""Feature states as a projection of the ledger: every record after the last one applied, exactly once."""

from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path
from threading import Lock

from features.backlog import Backlog, gather
from features.changes import FEW, Changes, changes
from features.collecting import without_collecting
from features.dead_letter import DeadLetters
from features.feature_set import FeatureSet
from features.few import MOST, Few, few_of
from features.gathering.gathered import Gathered
from features.gathering.past import backlogs_of
from features.ledger import Ledger
from features.online_store import PackedRow
from features.privacy.erased import erased_of
from features.row_memory import RowMemory
from features.row_store import RowChanges, RowStore

CHUNK = 40_000


class FeatureProjection:
    """Keeps the online rows up to date with the ledger. Any number of processes may do so at once.

    Records are read before the store is locked; under the lock, progress is read again, and what somebody else applied
    in between is not applied twice. Rows made by another definition of the features are built anew.

    Parameters: `ledger`; `rows`, the online store; `features`, the workspace's; `seed`, the file of states
    that history ends with (`history/state.db`), to begin from where there are no rows yet.

    `_noted` is the progress as this process last read it in the store; what lies between it and `_seen` said nothing to
    features (decisions, mostly), so nobody needs to lock the store for it. `_memory` is of the rows as of `_noted`.
    """

    def __init__(self, ledger: Ledger, rows: RowStore, features: FeatureSet, *, seed: Path | None = None) -> None:
        self.ledger = ledger
        self._rows = rows
        self._features = features
        self._definition = features.fingerprint
        self._seed = seed
        self._lock = Lock()
        self._memory = RowMemory()
        self._noted = 0
        self._seen = 0

    @property
    def behind(self) -> bool:
        """Whether the ledger has records that this process has not seen applied."""
        return self._seen < self.ledger.last_seq()

    def catch_up(self) -> int:
        """Apply everything that is in the ledger now; returns the sequence number reached.

        Raises: `UnavailableError` where ledger or store cannot be used.
        """
        target = self.ledger.last_seq()
        while self._seen < target:
            with self._lock:
                if self._seen < target:
                    self._step(target)
        return self._seen

    def skim(self) -> bool:
        """Pass over records that say nothing to features; whether nothing else is new. Waits for nobody.

        Raises: `UnavailableError` where the ledger cannot be read.
        """
        target = self.ledger.last_seq()
        if self._seen < target and self._lock.acquire(blocking=False):
            try:
                if self._seen and not self.ledger.tells(self._seen, target):
                    self._seen = max(self._seen, target)
            finally:
                self._lock.release()
        return self._seen >= target

    def follow(self, is_over: Callable[[Gathered], bool]) -> int:
        """Catch up with somebody who is still writing: read along, and apply everything once they are done.

        Parameters: `is_over`, asked again and again, with what is gathered, which it may extend; it may wait a little
        before it answers.
        """
        with self._lock, without_collecting():
            self._renew()
            with Gathered(self.ledger, self._features.reader, after=self._seen) as gathered:
                while not is_over(gathered):
                    pass
                gathered.extend(self.ledger.last_seq())
                self._apply_gathered(gathered)
        return self.catch_up()

    def _step(self, target: int) -> None:
        is_few = target - self._seen <= FEW
        if self._seen and not self.ledger.tells(self._seen, target):
            self._seen = target
        elif self._seen and is_few:
            self._apply_few(target)
        elif not self._renew():
            (self._apply_few if is_few else self._apply_many)(target)

    def _renew(self) -> bool:
        """Look up the progress in the store; whether it is another than this process knew."""
        noted = self._rows.progress(self._definition)
        if noted == 0 and self._seed is not None and self._seed.exists():
            self._rows.adopt(self._seed, self._definition)
            noted = self._rows.progress(self._definition)
        if noted == self._noted:
            return False
        self._noted = self._seen = noted
        self._memory.clear()
        return True

    def _apply_few(self, end: int) -> None:
        changed, letters = changes(self.ledger, self._seen, end), DeadLetters()
        records = list(changed.records)
        if self._seen and not records and not changed.outdated:
            self._seen = end
        elif len(records) <= MOST:
            self._apply(end, changed, [few_of(records, letters)], letters)
        else:
            self._apply(end, changed, [gather(records, self._features.reader, letters)], letters)

    def _apply_many(self, end: int) -> None:
        with without_collecting(), Gathered(self.ledger, self._features.reader, after=self._seen) as gathered:
            gathered.extend(end)
            self._apply_gathered(gathered)

    def _apply_gathered(self, gathered: Gathered) -> None:
        changed = changes(self.ledger, gathered.after, gathered.seq)
        past = backlogs_of(changed.past, self._features.reader, gathered.letters)
        backlogs = chain(gathered.backlogs(without=changed.outdated), past)
        self._apply(gathered.seq, changed, backlogs, gathered.letters)

    def _apply(self, end: int, changed: Changes, backlogs: Iterable[Backlog | Few], letters: DeadLetters) -> None:
        """Apply the records in (seen, end], unless somebody else has changed the store meanwhile."""
        try:
            is_applied = self._apply_alone(end, changed, backlogs, letters)
        except BaseException:
            self._memory.clear()
            raise
        if is_applied:
            self._noted = self._seen = end
        else:
            self._renew()

    def _apply_alone(self, end: int, changed: Changes, backlogs: Iterable[Backlog | Few], letters: DeadLetters) -> bool:
        with self._rows.exclusive(self._definition) as transaction:
            if transaction.progress() != self._noted:
                return False
            fresh = self._seen == 0
            if fresh:
                transaction.clear()
            outdated = changed.outdated | erased_of(self.ledger, transaction.customers, changed.erasures)
            transaction.forget(outdated)
            self._memory.forget(outdated)
            for chunk in (chunk for backlog in backlogs for chunk in backlog.chunks(CHUNK)):
                transaction.replace(self._rows_after(chunk, transaction, fresh=fresh))
                self._memory.shrink()
            if letters.found:
                self.ledger.write(letters.keep).result()
            transaction.advance(end)
        return True

    def _rows_after(self, chunk: Backlog | Few, transaction: RowChanges, *, fresh: bool) -> Iterable[PackedRow]:
        before = {} if fresh else self._memory.read(chunk.customers, transaction)
        if isinstance(chunk, Few):
            rows = chunk.rows_after(before, self._features)
        else:
            rows = self._features.whole.rows_after(chunk, before)
        return rows if fresh else self._memory.noting(rows)
