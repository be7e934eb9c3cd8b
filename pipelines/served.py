"""What came to serve by a retraining, beside what the gate said."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Served:
    """What became of what serves. Parameters: `published`, whether it was changed; `told`, what else is to be said."""

    published: bool
    told: tuple[str, ...] = ()


UNCHANGED = Served(published=False)
