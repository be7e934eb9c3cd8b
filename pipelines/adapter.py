"""Real data as this service would have recorded it: what a workspace's adapter must offer."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, cast

from decisioning.decision import Decision
from decisioning.outcome import Outcome
from pipelines.world_source import load_module

SOURCE = "adapter.py"


class AdaptedData(Protocol):
    """Records of a business that ran without us: its events, the decisions it made, with how likely, and outcomes."""

    @property
    def waves(self) -> tuple[datetime, ...]:
        """When decisions were made, in order of time."""
        ...

    def events(self) -> Iterator[dict[str, Any]]:
        """Segment-spec events, in order of time."""
        ...

    def decisions(self) -> Iterator[Decision]:
        """Decisions with the probabilities they were drawn with; `customer_id` is "" until identity resolves it."""
        ...

    def outcomes(self) -> Iterator[Outcome]:
        """What followed the decisions, in order of time."""
        ...


def adapt(workspace: Path, data: Path) -> AdaptedData:
    """The data in a folder, by the workspace's `adapter.py`. Raises `NotFoundError` where one of them is missing."""
    return cast("AdaptedData", load_module(workspace / SOURCE, needs="adapt").adapt(data))
