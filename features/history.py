"""The states of the past, as Parquet: one row per change and view, at the time the change became known.

`catch_up` writes it from the ledger, with progress of its own: what answers customers never writes Parquet. A row's
`event_timestamp` is when its state became known; `created_timestamp` orders rows of one event time: the later wins.
Rows are added, never rewritten: customers that became one get a row at the time that became known; a backfill that
reaches into the past of a customer adds that customer's rows anew, created later.

Customers that became one within a run have what they said before it at its own time, each as who they were then; what
they said between two merges within one run counts at the second.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from decisioning.errors import UnavailableError
from features.backlog import Backlog, gather
from features.changes import Changes, changes
from features.collecting import without_collecting
from features.dead_letter import DeadLetters
from features.feature_set import FeatureSet
from features.file_lock import alone
from features.gathering.gathered import Gathered
from features.group.history_part import FOLDER, Span, write_told
from features.history_part import HistoryPart, file_name, write_empty
from features.home import STATES
from features.ledger import Ledger
from features.lift import View
from features.online_store import PackedRows
from features.privacy.erased import erased_of
from features.row_state import stored
from features.runs import starts

AT_ONCE = 500_000
"""Records that are added to a history in one step, at most; the first ones are gathered in parts, however many."""
CHUNK = 40_000


class History:
    """The Parquet files of one home, and the states they end with.

    Parameters: `folder`, the home's `history`; `features`, the workspace's. Files made by another definition of the
    features are made anew.
    """

    def __init__(self, folder: Path, features: FeatureSet) -> None:
        self.folder = folder
        self._features = features
        self._definition = features.fingerprint
        self._rows = PackedRows(folder / STATES)

    def check(self) -> None:
        """See that the files can be joined: every view has one, and another definition of the features wrote none.

        Raises: `UnavailableError` where history has to be written anew first (`catch_up`, on the command line
        `tsugi materialize`).
        """
        unwritten = self._rows.progress(self._definition) == 0
        for view in self._features.views:
            folder = self.folder / view.name
            if unwritten and any(file.name != file_name(0, 0) for file in folder.glob("*.parquet")):
                raise UnavailableError(
                    f"the history in {self.folder} was made by another definition of the features; materialize it anew"
                )
            self._ensure_file(view)

    def files(self, view: str) -> str:
        """The pattern of a view's files."""
        return (self.folder / view / "*.parquet").as_posix()

    def catch_up(self, ledger: Ledger) -> int:
        """Write what is new in the ledger; returns the sequence number reached. One process at a time does it.

        Raises: `UnavailableError` where ledger or state cannot be used.
        """
        with history_lock(self.folder), without_collecting():
            start = self._rows.progress(self._definition)
            self._discard(start)
            while start < (target := ledger.last_seq()):
                end = min(target, start + AT_ONCE) if start else target
                if start:
                    changed, backlog = self._changed(ledger, start, end)
                    self._append(ledger, (start, end), changed, [backlog])
                else:
                    self._begin(ledger, end)
                start = end
        return start

    def _begin(self, ledger: Ledger, end: int) -> None:
        with Gathered(ledger, self._features.reader, after=0) as gathered:
            gathered.extend(end)
            self._append(ledger, (0, end), changes(ledger, 0, end), gathered.backlogs())

    def _discard(self, start: int) -> None:
        """Remove the files of a run that did not finish, and see that every view has one file at least."""
        for name in (FOLDER, *(view.name for view in self._features.views)):
            for file in (self.folder / name).glob("*-*.*"):
                if file.suffix != ".parquet" or int(file.stem.split("-")[0]) >= start:
                    file.unlink()
        for view in self._features.views:
            self._ensure_file(view)

    def _ensure_file(self, view: View) -> None:
        path = self.folder / view.name / file_name(0, 0)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_empty(view, path)

    def _append(self, ledger: Ledger, span: tuple[int, int], changed: Changes, backlogs: Iterable[Backlog]) -> None:
        start, end = span
        created_us = next(ledger.records(end - 1, limit=1)).received_us
        with self._rows.exclusive(self._definition) as transaction, ExitStack() as files:
            if start == 0:
                transaction.clear()
            erased = erased_of(ledger, transaction.customers, changed.erasures)
            parts = [files.enter_context(self._part(view, start, end)) for view in self._features.views]
            for chunk in gather(changed.before, self._features.reader, DeadLetters()).chunks(CHUNK):
                told = stored(transaction.read_many(chunk.customers))
                for part in parts:
                    part.write(chunk, told, floor={}, created_us=created_us)
            transaction.forget(changed.outdated | erased)
            for chunk in (chunk for backlog in backlogs for chunk in backlog.chunks(CHUNK)):
                before = stored(transaction.read_many(chunk.customers)) if start else {}
                for part in parts:
                    transaction.replace(part.write(chunk, before, floor=changed.renewed, created_us=created_us))
            files.close()
            self._write_groups(ledger, Span(start, end, created_us), changed)
            transaction.advance(end)

    def _write_groups(self, ledger: Ledger, span: Span, changed: Changes) -> None:
        traits = self._features.groups.traits
        if traits:
            path = self.folder / FOLDER / file_name(span.after, span.until)
            write_told(path, ledger, span, renewed=changed.renewed, traits=traits)

    def _part(self, view: View, start: int, end: int) -> HistoryPart:
        return HistoryPart(view, self.folder / view.name / file_name(start, end))

    def _changed(self, ledger: Ledger, start: int, end: int) -> tuple[Changes, Backlog]:
        """What to write; customers whose past is changed are computed from the beginning."""
        changed = changes(ledger, start, end)
        backlog = gather(changed.records, self._features.reader, DeadLetters())
        late = self._late(backlog, changed)
        if not late:
            return changed, backlog
        changed = changes(ledger, start, end, anew=late)
        return changed, gather(changed.records, self._features.reader, DeadLetters())

    def _late(self, backlog: Backlog, changed: Changes) -> dict[str, int]:
        """Customers of whom something became known before what is written of them already."""
        written: dict[str, int] = {}
        for row in self._rows.read_many(backlog.customers):
            written[row.customer_id] = max(row.event_us, written.get(row.customer_id, 0))
        first = backlog.known_us[starts(backlog.group)].tolist()
        known = zip(backlog.customers, first, strict=True)
        return {c: 0 for c, known_us in known if known_us < written.get(c, 0) and c not in changed.outdated}


@contextmanager
def history_lock(folder: Path) -> Iterator[None]:
    """Be the one process that writes the files of history."""
    with alone(folder / "history.lock"):
        yield
