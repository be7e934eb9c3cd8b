"""What follows a decision: reactions to what was shown, and the events of outcomes, shown or not."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from bankworld.business import CALL, EMAIL, WAYS
from bankworld.people import Floats
from decisioning.outcome import OutcomeType
from pipelines.world import Moment, Reaction

_DAY = 86_400.0
_HOURS_TO_ANSWER = (3.0, 3.0, 20.0, 0.3)
"""Median hours until an accepted action's outcome, by channel."""
_REJECTS = (0.05, 0.04, 0.02, 0.30)
_DISMISSES = (0.12, 0.15, 0.0, 0.0)
_CLICKS = (0.06, 0.06, 0.05, 0.0)
LONGEST_DAYS = 10.0


@dataclass(frozen=True, slots=True)
class Draws:
    """The chances of one moment and action: `seen`, `answer`, `click`, `wait`, each in [0, 1)."""

    seen: float
    answer: float
    click: float
    wait: float


def was_seen(channel: int, draws: Draws) -> bool:
    """Whether the treatment was really shown: banners fail to load, people are not at home."""
    return draws.seen < WAYS[channel].reach


def wait_days(channel: int, chance: float) -> float:
    """Days until an accepted action's outcome: log-logistic around the channel's median, within ten days.

    >>> wait_days(0, 0.5) * 24
    3.0
    """
    odds = chance / (1 - chance)
    return float(np.clip(_HOURS_TO_ANSWER[channel] / 24 * odds**0.6, 2 / 1440, LONGEST_DAYS - 0.5))


def organic_days(chances: Floats) -> Floats:
    """Days until an outcome that nobody asked for, anywhere in the ten days."""
    return 0.1 + chances * (LONGEST_DAYS - 0.6)


def reactions(
    moment: Moment, channel: int, draws: Draws, *, after_days: float | None, amount: float | None
) -> list[Reaction]:
    """What the customer does with what was shown, in order of time.

    Parameters: `after_days`, when the action's own outcome happens (None: it does not); `amount`, what it earns.
    """
    if not was_seen(channel, draws):
        return []
    shown_after = 60.0 if channel == CALL else 1.0 + 3 * draws.wait
    found = [_react("impression", moment, shown_after)] if channel != EMAIL else []
    if after_days is not None:
        click = [_react("click", moment, min(after_days * _DAY * 0.5, 7200.0) + shown_after)] if channel != CALL else []
        return [*found, *click, _react("accept", moment, max(after_days * _DAY, shown_after + 1), amount)]
    return [*found, *_declined(moment, channel, draws, shown_after)]


def _declined(moment: Moment, channel: int, draws: Draws, shown_after: float) -> list[Reaction]:
    delay = shown_after + (10 + 600 * draws.wait if channel != EMAIL else 3600 * (1 + 20 * draws.wait))
    if draws.answer < _REJECTS[channel]:
        return [_react("reject", moment, delay)]
    if draws.answer < _REJECTS[channel] + _DISMISSES[channel]:
        return [_react("dismiss", moment, delay)]
    return [_react("click", moment, delay)] if draws.click < _CLICKS[channel] else []


def _react(kind: OutcomeType, moment: Moment, seconds: float, amount: float | None = None) -> Reaction:
    at = moment.at + timedelta(milliseconds=round(seconds * 1000))
    return Reaction(kind, at, None if amount is None else round(amount, 2))
