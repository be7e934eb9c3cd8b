"""Fields of events, gathered from a sample: how often each is filled, and with what, early and late."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from features.quality.stability import Stability, of_numbers, of_words

Kind = Literal["number", "category", "text", "other"]
MOST_WORDS = 1000
"""A text with more different words than this, or one for every other row, is no category."""


@dataclass(frozen=True, slots=True)
class FieldQuality:
    """One field of the events of one name.

    Parameters: `n_events`, of that name in the sample; `filled`, the share of them that have it; `stability`, None
    where it has no distribution to speak of, or too few rows.
    """

    event: str
    field: str
    kind: Kind
    n_events: int
    filled: float
    stability: Stability | None


@dataclass(slots=True)
class _Gathered:
    early: list[Any] = field(default_factory=list)
    late: list[Any] = field(default_factory=list)


Said = tuple[str, Mapping[str, Any], bool]
"""What an event says: its name, its properties or traits, and whether it is of the later period."""


def qualities(events: Iterable[Said]) -> list[FieldQuality]:
    """The quality of every field of these events, sorted by event and field."""
    n_events: dict[str, int] = defaultdict(int)
    gathered: dict[tuple[str, str], _Gathered] = defaultdict(_Gathered)
    for name, said, is_late in events:
        n_events[name] += 1
        for key, value in said.items():
            if value is not None and value != "":
                values = gathered[name, key]
                (values.late if is_late else values.early).append(value)
    return [_quality(name, key, values, n_events[name]) for (name, key), values in sorted(gathered.items())]


def _quality(event: str, name: str, values: _Gathered, n_events: int) -> FieldQuality:
    every = [*values.early, *values.late]
    kind = _kind(every)
    stability = None
    if kind == "number":
        stability = of_numbers(values.early, values.late)
    elif kind == "category":
        stability = of_words(list(map(str, values.early)), list(map(str, values.late)))
    return FieldQuality(event, name, kind, n_events, len(every) / n_events, stability)


def _kind(values: list[Any]) -> Kind:
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return "number"
    if not all(isinstance(value, str | bool) for value in values):
        return "other"
    n_words = len(set(values))
    return "category" if n_words <= min(MOST_WORDS, max(len(values) // 2, 2)) else "text"
