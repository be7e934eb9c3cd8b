"""Everything that a route's handler may need, in one place; composed in `serving.service`."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from decisioning.eligibility import CompiledCatalog
from decisioning.ports import Scorer
from features.explanation.explainer import Explainer
from features.intake import Intake
from features.ledger import Ledger
from features.outcomes import OutcomeBook
from features.run_queue import RunQueue
from serving.auth import KeyRing
from serving.challenger import Challenger
from serving.decision_log import DecisionDesk
from serving.fast_layer import ServedFastLayer
from serving.kept import Kept
from serving.metrics import Metrics
from serving.precedence import Precedence
from serving.privacy_desk import PrivacyDesk
from serving.profile_view import ProfileView

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Desk:
    """The service's parts.

    Parameters: `workers`, a bounded pool for whatever would hold up other requests; `descriptions` of the features, by
    name; `purposes` that features may be used for; `country`, two letters, of national phone numbers.
    """

    keys: KeyRing
    metrics: Metrics
    clock: Callable[[], datetime]
    workers: Executor
    ledger: Ledger
    decisions: DecisionDesk
    intake: Intake
    outcomes: OutcomeBook
    profiles: ProfileView
    explainer: Explainer
    descriptions: Mapping[str, str]
    purposes: Collection[str]
    journeys: Callable[[], bytes]
    catalog: Kept[CompiledCatalog]
    bundle: Kept[Scorer]
    challenger: Kept[Challenger | None]
    fast: ServedFastLayer
    probe_features: Callable[[datetime], None]
    privacy: PrivacyDesk
    runs: RunQueue
    precedence: Precedence = field(default_factory=Precedence)
    country: str = ""

    async def aside(self, function: Callable[..., Result], *arguments: Any, **options: Any) -> Result:
        """Run a function in the pool and await its result."""
        running = asyncio.get_running_loop()
        return await running.run_in_executor(self.workers, partial(function, *arguments, **options))
