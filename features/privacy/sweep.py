"""Sweeping: after an erasure or a retention, no file of the home keeps a byte of what was deleted.

The ledger says what was erased, so a sweep that was interrupted is simply run again; one at a time does it.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from features.file_lock import alone
from features.home import Home
from features.instant import to_us
from features.ledger import Ledger
from features.ledger_file import connect, naming
from features.online_store import PackedRows
from features.privacy.compacting import compact


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Clears the files of one home. Parameters: `catch_up`, brings the online features up to the ledger."""

    ledger: Ledger
    home: Home
    catch_up: Callable[[], object]

    def pending(self) -> list[str]:
        """The ids of erasures after which no sweep ended yet."""
        with self.ledger.read() as connection:
            return [row[0] for row in connection.execute("SELECT erasure_id FROM erasure WHERE swept_us IS NULL")]

    def sweep(self, *, now: datetime) -> bool:
        """Clear every file of what the ledger has erased; whether all of it is done.

        It is not where somebody kept reading what was before for half a minute: then it is done by the next sweep.
        Raises: `UnavailableError` where a store cannot be used.
        """
        with alone(self.home.lock("sweep")):
            done = self.pending()
            if not self.clear():
                return False
            marks = [(to_us(now), erasure_id) for erasure_id in done]
            self.ledger.write(lambda connection: connection.executemany(_SWEPT, marks).rowcount).result()
            return True

    def clear(self) -> bool:
        """Bring history and online features to what the ledger says, and compact every file; whether all could be."""
        if self.home.history.is_dir():
            from features.privacy.history_erasure import clear_history

            clear_history(self.home.history, self.ledger)
        self.catch_up()
        return all([_compact_ledger(self.ledger.path), *map(_compact_rows, self._row_files())])

    def _row_files(self) -> list[Path]:
        return [path for path in (self.home.online, self.home.states) if path.exists()]


def _compact_rows(path: Path) -> bool:
    with closing(PackedRows(path)) as rows:
        return rows.compact()


def _compact_ledger(path: Path) -> bool:
    with naming(path), closing(connect(path)) as connection:
        return compact(connection)


_SWEPT = "UPDATE erasure SET swept_us = ? WHERE erasure_id = ?"
