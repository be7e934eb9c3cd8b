"""Searches for settings are kept in one file of the home, so that the next one begins where the last one ended.

The file is Optuna's journal: several processes and threads may work on one study, and Optuna's own tools read it.
"""

import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from time import monotonic, sleep
from typing import Any, BinaryIO

import optuna
from optuna.storages import BaseStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from decisioning.errors import UnavailableError
from features.file_lock import lock_beside, taken

PATIENCE_SECONDS = 20.0
"""How long a locked file is waited for."""
KIND = "kind"
BLOCK_BYTES = 1 << 16
"""How much of the journal's end is looked at in one go."""


@dataclass(frozen=True, slots=True)
class Studies:
    """The studies of one home.

    Parameters: `path` of the journal, made where it is missing; `patience_seconds`, how long a lock is waited for;
    `say`, told what was repaired.
    Raises: `UnavailableError`, naming the file, where it is locked for longer or cannot be used.
    """

    path: Path
    patience_seconds: float = PATIENCE_SECONDS
    say: Callable[[str], object] = field(default=lambda _: None, compare=False)

    def open(self) -> BaseStorage:
        """Optuna's storage; a last line that was half written, by a kill or to a full disk, is cut off first."""
        lock = _Lock(lock_beside(self.path), self.patience_seconds)
        try:
            self._cut_half_line(lock)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                return JournalStorage(JournalFileBackend(str(self.path), lock_obj=lock))
        except OSError as error:
            raise UnavailableError(f"the studies {self.path} cannot be used: {error!r}") from error
        except (ValueError, LookupError, TypeError, AssertionError) as error:
            raise UnavailableError(
                f"the studies {self.path} cannot be used: a line cannot be read ({error!r}); "
                "the file may simply be removed, only what earlier searches found is lost"
            ) from error

    def _cut_half_line(self, lock: "_Lock") -> None:
        if not self.path.exists():
            return
        lock.acquire()
        try:
            with self.path.open("r+b") as file:
                whole, size = _end_of_lines(file), file.seek(0, os.SEEK_END)
                if whole < size:
                    file.truncate(whole)
                    self.say(f"the last line of {self.path} was half written: its {size - whole} bytes are cut off")
        finally:
            lock.release()


def _end_of_lines(file: BinaryIO) -> int:
    """Where the last line that was written in full ends."""
    end = file.seek(0, os.SEEK_END)
    while end:
        start = max(end - BLOCK_BYTES, 0)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def last_settings(storage: BaseStorage, kind: str) -> list[Mapping[str, Any]]:
    """The best settings of the last study of this kind that finished a trial; an empty list where there is none."""
    for study in reversed(storage.get_all_studies()):
        if study.user_attrs.get(KIND) == kind:
            number = storage.get_study_id_from_name(study.study_name)
            done = storage.get_all_trials(number, states=[optuna.trial.TrialState.COMPLETE])
            if done:
                return [min(done, key=_loss).params]
    return []


def _loss(trial: optuna.trial.FrozenTrial) -> float:
    return inf if trial.value is None else trial.value


class _Lock(JournalFileOpenLock):
    """A lock that ends with its process: none is ever left behind."""

    def __init__(self, path: Path, patience_seconds: float) -> None:
        super().__init__(str(path))
        self._path = path
        self._patience = patience_seconds
        self._held = -1

    def acquire(self) -> bool:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        deadline = monotonic() + self._patience
        while not taken(descriptor):
            if monotonic() > deadline:
                os.close(descriptor)
                raise UnavailableError(f"the studies {self._path.with_suffix('')} are locked by another process")
            sleep(0.01)
        self._held = descriptor
        return True

    def release(self) -> None:
        os.close(self._held)
