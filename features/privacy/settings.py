"""`[privacy]` and `[retention]` of `tsugi.toml`: how long what is kept, and where erasures are written down again."""

from datetime import timedelta

from pydantic import Field

from features.section import Section

Days = Field(default=None, gt=0)


class Privacy(Section):
    """`[privacy]`.

    Parameters: `erasure_log`, a file for the tokens of what was erased (default: in the home); keep it where a lost
    home does not take it along, for a restored backup is held against it.
    """

    erasure_log: str | None = Field(default=None, min_length=1)


class Retention(Section):
    """`[retention]`: days after which something is deleted everywhere; what is not named is kept.

    Parameters: `events`, what customers did (track, page, screen), and `event`, by name, where it differs; who they are
    (identify, alias, group) and what they allowed goes with the customer. `decisions`, with their outcomes; `refused`,
    rejects and outcomes that still wait; `history`, states of the past; `inactive`, whole customers, since their last
    record.
    """

    events: float | None = Days
    event: dict[str, float] = Field(default_factory=dict)
    decisions: float | None = Days
    refused: float | None = Days
    history: float | None = Days
    inactive: float | None = Days

    def age_of(self, name: str) -> timedelta | None:
        """How old a track event, page or screen of this name may become."""
        days = self.event.get(name, self.events)
        return None if days is None else timedelta(days=days)
