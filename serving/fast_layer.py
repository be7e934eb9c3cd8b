"""The fast layer of the service: made anew in the background whenever another bundle or catalogue serves."""

import logging
from dataclasses import dataclass
from datetime import datetime

from decisioning.eligibility import CompiledCatalog
from decisioning.errors import TsugiError
from decisioning.ports import Scorer
from decisioning.rollout import MODEL
from features.fast_layer.keeper import FastKeeper
from features.fast_layer.origin import Origin
from features.home import Home
from features.ledger import Ledger
from features.workspace import Workspace
from serving.kept import Kept

logger = logging.getLogger(__name__)


def fast_keeper(ledger: Ledger, workspace: Workspace, home: Home) -> FastKeeper:
    """Keep the fast layer as the workspace says."""

    def origin(version: str) -> Origin | None:
        from training.manifest import origin_of

        return origin_of(home.path, version)

    return FastKeeper(ledger, workspace.learning, origin=origin, window=workspace.goal.window)


@dataclass(frozen=True, slots=True)
class ServedFastLayer:
    """The fast layer of the bundle and the catalogue that serve now."""

    keeper: FastKeeper
    bundle: Kept[Scorer]
    catalog: Kept[CompiledCatalog]

    def corrected(self, catalog: CompiledCatalog, now: datetime) -> tuple[Scorer, tuple[str, ...]]:
        """Correct the bundle by everything answered up to now; name what is missing where that cannot be."""
        scorer, degraded = self.keeper.corrected(self.bundle.current, catalog.catalog, now=now)
        return scorer, (*degraded, MODEL) if self.bundle.is_missing else degraded

    @property
    def is_due(self) -> bool:
        """Whether it must be made for what serves now."""
        return not self.keeper.primed(self.bundle.current, self.catalog.current.catalog)

    def prime(self) -> None:
        """Make it; where that fails, decisions go by the bundle alone and say so, and it is tried again."""
        try:
            self.keeper.prime(self.bundle.current, self.catalog.current.catalog)
        except TsugiError as error:
            logger.error("no fast layer for bundle %s: %s", self.bundle.version, error.message)
