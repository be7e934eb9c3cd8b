"""Where a bundle comes from: when it was trained, and how much it was trained on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Origin:
    """What the fast layer must know of the bundle below it.

    Parameters: `trained_at`; `information` on the level of each action, by name, as the training found it (one that
    says nothing of an action may be moved by its first answers); `learned_until`, the moment of the last decision that
    it learned from (None: it does not say); those after it were kept to judge it by, or were too young.
    """

    trained_at: datetime
    information: Mapping[str, float] = field(default_factory=dict)
    learned_until: datetime | None = None


OriginOf = Callable[[str], Origin | None]
"""That of a bundle's version; None where it learned from no log. May raise a `TsugiError`."""
