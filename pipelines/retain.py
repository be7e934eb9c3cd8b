"""Deletes what is older than the workspace keeps it, everywhere; for a scheduler, once a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from features.instant import to_us
from features.privacy.erasure import ErasureBook
from features.privacy.retention import expire, inactive
from pipelines.composition import Composition, compose
from pipelines.erase import sweeper


@dataclass(frozen=True, slots=True)
class Retained:
    """What went.

    Parameters: `removed`, by what it was; `inactive`, identifiers of customers erased for inactivity; `swept`, whether
    no file keeps a byte of it.
    """

    removed: Mapping[str, int]
    inactive: int
    swept: bool


def retain_home(home: Path, workspace: Path) -> Retained:
    """Delete what is over age, as `[retention]` says; a running service goes on meanwhile."""
    with compose(home, workspace) as composition:
        return retain(composition)


def retain(composition: Composition) -> Retained:
    """As `retain_home`, on an open home."""
    ledger, retention, now = composition.ledger, composition.workspace.retention, composition.clock()
    gone = inactive(ledger, retention, now=now)
    if gone:
        ErasureBook(ledger, composition.workspace.erasure_log(composition.home)).erase_nodes(gone, now=now)
    removed = dict(expire(ledger, retention, now=now))
    if retention.history is not None and composition.home.history.is_dir():
        from features.privacy.history_erasure import forget_before

        before_us = to_us(now - timedelta(days=retention.history))
        removed["history"] = forget_before(composition.home.history, before_us)
    swept = sweeper(composition).sweep(now=now)
    return Retained({what: n for what, n in removed.items() if n}, len(gone), swept)


def retained_in_words(result: Retained) -> str:
    """One line."""
    rows = ", ".join(f"{n:,} {what}" for what, n in sorted(result.removed.items())) or "nothing was over age"
    files = "every file is clear" if result.swept else "files are not clear yet: somebody is reading; run it again"
    return f"{rows}; {result.inactive:,} identifiers of inactive customers; {files}"
